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
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
