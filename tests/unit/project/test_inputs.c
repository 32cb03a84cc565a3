/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/inputs.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "project/sources.h"

static char folder[] = "/tmp/fn0-inputs-XXXXXX";
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

static void hash(uint8_t digest[SHA256_BYTES])
{
    struct error error = {0};
    if (inputs_hash(project, digest, &error))
        fail_msg("%s", error.message);
}

/* Whether the hash is another one than before; keeps the new one. */
static bool changed(uint8_t digest[SHA256_BYTES])
{
    uint8_t now[SHA256_BYTES];
    hash(now);
    bool differs = !sha256_equal(now, digest);
    memcpy(digest, now, sizeof(now));
    return differs;
}

static void what_is_no_input_changes_nothing(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    hash(digest);
    assert_false(changed(digest));
    put(".env", "A=1");
    put(".fn0/a.wasm", "1");
    put("node_modules/x.js", "1");
    assert_int_equal(mkdir("empty", 0755), 0);
    assert_false(changed(digest));
}

static void each_input_counts(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    hash(digest);
    put("src/deep/b.js", "3");
    assert_true(changed(digest));
    put("src/new.js", "");
    assert_true(changed(digest));
    assert_int_equal(unlink("src/new.js"), 0);
    assert_true(changed(digest));
    assert_int_equal(rename("src/a.js", "src/c.js"), 0);
    assert_true(changed(digest));
    assert_int_equal(symlink("src/c.js", "link.js"), 0);
    assert_true(changed(digest));
    put("src/c.js", "through the link");
    assert_true(changed(digest));
    assert_int_equal(symlink("nowhere", "dangling.js"), 0);
    assert_true(changed(digest));
    assert_int_equal(symlink("..", "src/loop"), 0);
    assert_true(changed(digest));
}

static void what_the_project_says_counts(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    static const char pattern[] = "name = \"a\"\nmain = \"%s\"\n";
    char text[256];
    snprintf(text, sizeof(text), pattern, "src/a.js");
    make(text);
    hash(digest);
    /* fn0.toml itself is no input. */
    make(text);
    assert_false(changed(digest));
    snprintf(text, sizeof(text), pattern, "src/b.js");
    make(text);
    assert_true(changed(digest));
}

static void the_component_is_no_input(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    make("name = \"a\"\ncomponent = \"src/a.wasm\"\n[build]\ncommand = \"true\"\n");
    hash(digest);
    put("src/a.wasm", "new");
    assert_false(changed(digest));
    assert_false(inputs_has_file(project, "src/a.wasm"));
    assert_true(inputs_has_file(project, "src/b.wasm"));
}

static void folders_to_watch(void **state)
{
    (void)state;
    make("name = \"a\"\nmain = \"a.js\"\n[build]\nwatch = [\"src/**/*.js\", \"*.json\"]\n");
    assert_true(inputs_has_folder(project, ""));
    assert_true(inputs_has_folder(project, "src"));
    assert_true(inputs_has_folder(project, "src/deep"));
    assert_false(inputs_has_folder(project, "docs"));
    assert_true(inputs_has_file(project, "src/deep/x.js"));
    assert_true(inputs_has_file(project, "a.json"));
    assert_false(inputs_has_file(project, "src/deep/x.ts"));
}

static void assets_are_no_inputs_unless_a_pattern_says_so(void **state)
{
    (void)state;
    make("name = \"a\"\nmain = \"a.js\"\n[assets]\nfolder = \"./public/\"\n");
    assert_false(inputs_has_folder(project, "public"));
    assert_false(inputs_has_folder(project, "public/deep"));
    assert_false(inputs_has_file(project, "public/a.css"));
    assert_false(inputs_has_file(project, "public/deep/a.css"));
    assert_true(inputs_has_file(project, "publication/a.css"));
    assert_true(inputs_has_file(project, "src/public/a.css"));
    assert_true(inputs_has_folder(project, ""));
    make("name = \"a\"\nmain = \"a.js\"\n[assets]\nfolder = \"public\"\n"
         "[build]\nwatch = [\"src\", \"public/*.json\"]\n");
    assert_true(inputs_has_folder(project, "public"));
    assert_true(inputs_has_file(project, "public/a.json"));
    assert_false(inputs_has_file(project, "public/a.css"));
}

/* ---- What a tool has read ---- */

/* As the tool says it: absolute paths; `paths` are seen from the folder. */
static void tool_has_read(const char *paths)
{
    char text[8192] = "";
    for (const char *path = paths; *path; path += strcspn(path, " ") + (strchr(path, ' ') != NULL))
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s/%.*s\n", project->folder,
                 (int)strcspn(path, " "), path);
    assert_int_equal(sources_keep(project, slice_of(text), NULL), 0);
}

static void of_what_was_not_read_only_the_name_counts(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    put("app.log", "1");
    put("package.json", "{}");
    put("node_modules/read.js", "1");
    put("node_modules/other.js", "1");
    tool_has_read("src/deep/b.js src/a.js node_modules/read.js");
    hash(digest);
    put("app.log", "12");
    put("node_modules/other.js", "12");
    assert_false(changed(digest));
    put("src/a.js", "changed");
    assert_true(changed(digest));
    put("node_modules/read.js", "changed");
    assert_true(changed(digest));
    put("package.json", "{ }");
    assert_true(changed(digest));
    /* One that comes or goes may be another's place. */
    put("src/a.ts", "new");
    assert_true(changed(digest));
    put("src/a.ts", "newer");
    assert_false(changed(digest));
    assert_int_equal(unlink("src/a.ts"), 0);
    assert_true(changed(digest));
}

static void after_a_failure_all_counts(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    struct sources sources;
    put("app.log", "1");
    tool_has_read("src/a.js");
    sources_doubt(project);
    sources_read(project, &sources);
    assert_true(sources.all);
    assert_int_equal(sources.count, 1);
    sources_fini(&sources);
    hash(digest);
    put("app.log", "12");
    assert_true(changed(digest));
    tool_has_read("src/a.js");
    hash(digest);
    put("app.log", "123");
    assert_false(changed(digest));
    /* A tool that does not say. */
    assert_int_equal(sources_keep(project, SLICE(""), NULL), 0);
    hash(digest);
    put("app.log", "1234");
    assert_true(changed(digest));
}

static void what_the_author_says_counts_stands(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    make("name = \"a\"\nmain = \"src/a.js\"\n[build]\nwatch = [\"src/**\", \"*.log\"]\n");
    put("app.log", "1");
    put("node_modules/read.js", "1");
    tool_has_read("src/a.js node_modules/read.js");
    hash(digest);
    put("node_modules/read.js", "12");
    assert_false(changed(digest));
    put("app.log", "12");
    assert_true(changed(digest));
}

static void sources_that_are_newer_than_a_build(void **state)
{
    (void)state;
    struct timespec now;
    tool_has_read("src/a.js gone.js");
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    assert_false(sources_are_newer(project, now_ns + 1000000000));
    assert_true(sources_are_newer(project, now_ns - 60000000000));
}

static void a_look_knows_why_it_differs(void **state)
{
    (void)state;
    struct inputs_look before_it, after_it;
    assert_int_equal(inputs_look(project, &before_it, NULL), 0);
    tool_has_read("src/a.js");
    assert_int_equal(inputs_look(project, &after_it, NULL), 0);
    /* Nothing has changed, but what counts. */
    assert_memory_equal(before_it.all, after_it.all, SHA256_BYTES);
    assert_memory_not_equal(before_it.sources, after_it.sources, SHA256_BYTES);
    assert_memory_not_equal(before_it.counted, after_it.counted, SHA256_BYTES);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_is_no_input_changes_nothing),
        IN_A_FOLDER(each_input_counts),
        IN_A_FOLDER(what_the_project_says_counts),
        IN_A_FOLDER(the_component_is_no_input),
        IN_A_FOLDER(folders_to_watch),
        IN_A_FOLDER(assets_are_no_inputs_unless_a_pattern_says_so),
        IN_A_FOLDER(of_what_was_not_read_only_the_name_counts),
        IN_A_FOLDER(after_a_failure_all_counts),
        IN_A_FOLDER(what_the_author_says_counts_stands),
        IN_A_FOLDER(sources_that_are_newer_than_a_build),
        IN_A_FOLDER(a_look_knows_why_it_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
