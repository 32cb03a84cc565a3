/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/watch.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "project/inputs.h"
#include "project/sources.h"

static char folder[] = "/tmp/fn0-watched-XXXXXX";
static char before[4096];
static struct project *project;

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void put(const char *name, const char *text)
{
    assert_int_equal(file_write(name, slice_of(text), 0644, NULL, NULL), 0);
}

static void make(const char *text)
{
    struct error error = {0};
    project_destroy(project);
    project = NULL;
    put(PROJECT_FILE, text);
    if (project_create(&(struct project_options){0}, &project, &error))
        fail_msg("%s", error.message);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    if (!getcwd(before, sizeof(before)) || !mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    mkdir("src", 0755);
    mkdir("src/deep", 0755);
    mkdir("node_modules", 0755);
    mkdir(".fn0", 0755);
    put("src/a.js", "1");
    put("src/deep/b.js", "2");
    make("name = \"a\"\nmain = \"src/a.js\"\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    project_destroy(project);
    project = NULL;
    int code = chdir(before);
    return code ? code : nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct project_watch *watch_it(void)
{
    struct project_watch *watch;
    assert_int_equal(project_watch_create(project, clock_system(), &watch, NULL), 0);
    return watch;
}

static void a_change_before_the_wait_is_told(void **state)
{
    (void)state;
    struct project_watch *watch = watch_it();
    put("src/a.js", "changed");
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_INPUTS);
    /* Of these the first is no input, and the other comes afterwards. */
    put(".fn0/a.wasm", "component");
    put("src/deep/c.js", "new");
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_INPUTS);
    assert_int_equal(remove("src/deep/c.js"), 0);
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_INPUTS);
    project_watch_destroy(watch);
}

static void what_is_no_input_is_not_told(void **state)
{
    (void)state;
    struct project_watch *watch = watch_it();
    put(".fn0/a.wasm", "component");
    put("node_modules/x.js", "module");
    project_watch_ask(watch);
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_ASKED);
    project_watch_destroy(watch);
}

/* What a build says of its sources is no change by itself, and hides none. */
static void what_counts_may_change_meanwhile(void **state)
{
    (void)state;
    char source[sizeof(folder) + 64];
    struct project_watch *watch = watch_it();
    snprintf(source, sizeof(source), "%s/src/a.js\n", project->folder);
    assert_int_equal(sources_keep(project, slice_of(source), NULL), 0);
    project_watch_ask(watch);
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_ASKED);
    put("src/deep/b.js", "not read");
    project_watch_ask(watch);
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_ASKED);
    /* Changed while a build was running that has said then that it is not read. */
    put("src/a.js", "changed");
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_INPUTS);
    put("src/a.js", "changed again");
    sources_doubt(project);
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_INPUTS);
    project_watch_destroy(watch);
}

static void settings_are_told_apart(void **state)
{
    (void)state;
    struct project_watch *watch = watch_it();
    put(".env", "A=1\n");
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_SETTINGS);
    put(PROJECT_FILE, "name = \"b\"\n");
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_SETTINGS);
    assert_int_equal(remove(".env"), 0);
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_SETTINGS);
    project_watch_destroy(watch);
}

static void *change_later(void *argument)
{
    usleep(50000);
    if (mkdir("src/new", 0755) == 0)
        put("src/new/a.js", "new");
    usleep(200000);
    put("src/new/a.js", "again, in a folder that is new");
    usleep(200000);
    project_watch_end(argument);
    return NULL;
}

static void a_change_ends_the_wait(void **state)
{
    (void)state;
    struct project_watch *watch = watch_it();
    pthread_t thread;
    unsigned told = 0;
    assert_int_equal(pthread_create(&thread, NULL, change_later, watch), 0);
    while (project_watch_wait(watch) == PROJECT_CHANGE_INPUTS)
        told++;
    pthread_join(thread, NULL);
    assert_in_range(told, 1, 3);
    assert_int_equal(project_watch_wait(watch), PROJECT_CHANGE_END);
    project_watch_destroy(watch);
}

static int add_folder(void *context, const char *path)
{
    strcat(context, path);
    strcat(context, ";");
    return 0;
}

static void folders_of_inputs_are_told(void **state)
{
    (void)state;
    char text[256] = "";
    assert_int_equal(inputs_visit_folders(project, add_folder, text, NULL), 0);
    assert_string_equal(text, ";src;src/deep;");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_change_before_the_wait_is_told), TEST(what_is_no_input_is_not_told),
        TEST(what_counts_may_change_meanwhile), TEST(settings_are_told_apart),
        TEST(a_change_ends_the_wait),           TEST(folders_of_inputs_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
