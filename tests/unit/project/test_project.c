/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/project.h"

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
#include "tables/configuration.h"

/* ---- A folder for each test; the test works in it ---- */

static char folder[] = "/tmp/fn0-project-XXXXXX";
static char before[4096];

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    bool made = getcwd(before, sizeof(before)) && mkdtemp(folder) && chdir(folder) == 0;
    return made ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    int code = chdir(before);
    return code ? code : nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const char *text)
{
    assert_int_equal(file_write(name, slice_of(text), 0644, NULL, NULL), 0);
}

static struct project *make(const struct project_options *options)
{
    struct error error = {0};
    struct project *project = NULL;
    if (project_create(options, &project, &error))
        fail_msg("%s", error.message);
    return project;
}

static struct project *make_of(const char *text)
{
    put(PROJECT_FILE, text);
    return make(&(struct project_options){0});
}

static void fails(const struct project_options *options, int code, const char *message)
{
    struct error error = {0};
    struct project *project = NULL;
    assert_int_equal(project_create(options, &project, &error), code);
    assert_null(project);
    assert_int_equal(error.code, code);
    assert_string_equal(error.message, message);
}

static void text_fails(const char *text, const char *message)
{
    put(PROJECT_FILE, text);
    fails(&(struct project_options){0}, ERROR_CONFIGURATION, message);
}

static const char *path(const char *name)
{
    static char whole[4096];
    snprintf(whole, sizeof(whole), "%s/%s", folder, name);
    return whole;
}

/* ---- Finding ---- */

static void a_project_is_where_its_file_is(void **state)
{
    (void)state;
    struct project *project = make_of("name = \"hello\"\nmain = \"src/index.ts\"\n");
    assert_string_equal(project->folder, folder);
    assert_string_equal(project->file, path("fn0.toml"));
    assert_string_equal(project->dotenv, path(".env"));
    assert_string_equal(project->shown, "fn0.toml");
    assert_string_equal(project->shown_dotenv, ".env");
    assert_string_equal(project->name, "hello");
    assert_int_equal(project->language, LANGUAGE_TYPESCRIPT);
    assert_string_equal(project->main, path("src/index.ts"));
    assert_string_equal(project->component, path(".fn0/hello.wasm"));
    assert_string_equal(project->shown_component, ".fn0/hello.wasm");
    assert_null(project->command);
    assert_int_equal(project->configuration->build.watch.count, 1);
    assert_string_equal(project->configuration->build.watch.items[0], "**");
    project_destroy(project);
    project_destroy(NULL);
}

static void it_is_found_from_below_and_from_elsewhere(void **state)
{
    (void)state;
    put(PROJECT_FILE, "name = \"hello\"\nmain = \"a.js\"\n");
    assert_int_equal(mkdir("one", 0755), 0);
    assert_int_equal(mkdir("one/two", 0755), 0);
    /* A folder of that name is no project. */
    assert_int_equal(mkdir("one/fn0.toml", 0755), 0);
    assert_int_equal(chdir("one/two"), 0);
    struct project *project = make(&(struct project_options){0});
    assert_string_equal(project->folder, folder);
    assert_string_equal(project->shown, "../../fn0.toml");
    assert_string_equal(project->shown_dotenv, "../../.env");
    project_destroy(project);
    assert_int_equal(chdir("/"), 0);
    project = make(&(struct project_options){.folder = folder});
    assert_string_equal(project->shown, path("fn0.toml"));
    project_destroy(project);
    project = make(&(struct project_options){.folder = path("one")});
    assert_string_equal(project->folder, folder);
    assert_int_equal(access(project->shown, R_OK), 0);
    project_destroy(project);
}

static void without_a_file_there_is_no_project(void **state)
{
    (void)state;
    fails(&(struct project_options){0}, ERROR_NOT_FOUND,
          "no project here: fn0.toml is not in this folder, nor in a folder above it. 'fn0 init' "
          "makes one");
    fails(&(struct project_options){.folder = "nowhere"}, ERROR_SYSTEM,
          "cannot open the folder nowhere: No such file or directory");
}

/* ---- What it means ---- */

static void the_language_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *main;
        enum language language;
    } rows[] = {
        {"a.js", LANGUAGE_JAVASCRIPT},
        {"a.mjs", LANGUAGE_JAVASCRIPT},
        {"a.jsx", LANGUAGE_JAVASCRIPT},
        {"b/a.c.ts", LANGUAGE_TYPESCRIPT},
        {"a.tsx", LANGUAGE_TYPESCRIPT},
        {"a.rs", LANGUAGE_RUST},
        {"a.c", LANGUAGE_C},
        {"a.py", LANGUAGE_PYTHON},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "name = \"a\"\nmain = \"%s\"\n", rows[i].main);
        struct project *project = make_of(text);
        assert_int_equal(project->language, rows[i].language);
        project_destroy(project);
    }
    struct project *project = make_of("name = \"a\"\nmain = \"a.es6\"\nlanguage = \"javascript\"");
    assert_int_equal(project->language, LANGUAGE_JAVASCRIPT);
    project_destroy(project);
    text_fails("name = \"a\"\nmain = \"src.js/a.es6\"",
               "fn0.toml: main: the name src.js/a.es6 does not tell the language: say language, or "
               "[build] command");
}

static void cargo_tells_of_rust(void **state)
{
    (void)state;
    put("Cargo.toml", "");
    struct project *project = make_of("name = \"a\"\n");
    assert_int_equal(project->language, LANGUAGE_RUST);
    assert_null(project->main);
    project_destroy(project);
    project = make_of("name = \"a\"\nmain = \"a.js\"");
    assert_int_equal(project->language, LANGUAGE_JAVASCRIPT);
    project_destroy(project);
}

static void a_command_stands_for_any_language(void **state)
{
    (void)state;
    put("Cargo.toml", "");
    struct project *project = make_of("name = \"a\"\ncomponent = \"out/x.wasm\"\n[build]\n"
                                      "command = \"make\"\nwatch = [\"src/**\", \"*.zig\"]\n");
    assert_int_equal(project->language, LANGUAGE_AUTO);
    assert_string_equal(project->command, "make");
    assert_string_equal(project->component, path("out/x.wasm"));
    assert_string_equal(project->shown_component, "out/x.wasm");
    assert_int_equal(project->configuration->build.watch.count, 2);
    project_destroy(project);
    text_fails("name = \"a\"\n[build]\ncommand = \"make\"\n",
               "fn0.toml: component is missing: the file that [build] command makes");
    text_fails("name = \"a\"\nmain = \"a.js\"\ncomponent = \"a.wasm\"\nbuild.command = \"make\"\n",
               "fn0.toml: main and [build] command: either the language's own tool makes the "
               "component, or the command does");
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    text_fails("", "fn0.toml: name is missing: that of the function, like \"hello\"");
    text_fails("name = \"a\"\n",
               "fn0.toml: there is nothing to build: say main = \"src/index.js\", the source that "
               "the function begins with, or [build] command");
    text_fails("name = \"a\"\nlanguage = \"c\"\n",
               "fn0.toml: main is missing: the source that the function begins with");
}

static void what_is_wrong_has_its_line(void **state)
{
    (void)state;
    text_fails("name = \"Hello World\"\n",
               "fn0.toml:1: name: expected a name of a-z, 0-9 and '-', like \"hello\", not "
               "\"Hello World\"");
    text_fails("nam = \"hello\"\n", "fn0.toml:1: nam: unknown key; did you mean \"name\"?");
    text_fails("\n[buidl]\n", "fn0.toml:2: buidl: unknown table; did you mean \"build\"?");
    text_fails("[build]\nwatch = [\"../x\"]\n",
               "fn0.toml:2: build.watch: expected patterns of paths within the folder, like "
               "\"src/**\", not \"../x\"");
    text_fails("[build]\nwatch = \"/x\"\n",
               "fn0.toml:2: build.watch: expected patterns of paths within the folder, like "
               "\"src/**\", not \"/x\"");
    text_fails("language = \"rusty\"\n",
               "fn0.toml:1: language: expected \"auto\", \"javascript\", \"typescript\", \"rust\", "
               "\"c\" or \"python\", not \"rusty\"");
    text_fails("workers = 3\n", "fn0.toml:1: workers: only a host's configuration may say this");
    text_fails("[net]\n", "fn0.toml:1: net: only a host's configuration may say this");
    text_fails("limits = \"none\"\n",
               "fn0.toml:1: limits: only a host's configuration may say this");
    text_fails("[limits.max]\ncpu = \"1s\"\n",
               "fn0.toml:1: limits.max: only a host's configuration may say this");
}

/* ---- What stands above what ---- */

static const struct configuration_origin *origin_of(const struct project *project, const char *key)
{
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        if (row->scope != CONFIGURATION_HOST && strcmp(row->key, key) == 0)
            return &project->configuration->origins[i];
    }
    fail_msg("no key %s", key);
    return NULL;
}

static void each_source_stands_above_the_next(void **state)
{
    (void)state;
    static const char *const environment[] = {"FN0_LIMITS_CPU=3ms", "FN0_OUTBOUND_HOSTS=c,d", NULL};
    static const struct configuration_flag flags[] = {
        {.key = "limits.cpu", .value = "4ms", .flag = "--cpu"}};
    put(".env", "\nFN0_LIMITS_CPU=2ms\nFN0_OUTBOUND_HOSTS=b\n");
    put(PROJECT_FILE, "name = \"a\"\nmain = \"a.js\"\nlimits.cpu = \"1ms\"\n"
                      "outbound.hosts = [\"a\"]\n");
    struct project_options options = {.environment = environment, .flags = flags, .flag_count = 1};
    struct project *project = make(&options);
    const struct function_configuration *function = &project->configuration->function;
    assert_int_equal(function->limits.value[LIMIT_CPU], 4000000);
    const struct configuration_origin *origin = origin_of(project, "limits.cpu");
    assert_int_equal(origin->source, CONFIGURATION_SOURCE_FLAG);
    assert_string_equal(origin->flag, "--cpu");
    assert_int_equal(function->outbound_hosts.count, 2);
    assert_string_equal(function->outbound_hosts.items[1], "d");
    assert_int_equal(origin_of(project, "limits.memory")->source, CONFIGURATION_SOURCE_DEFAULT);
    origin = origin_of(project, "name");
    assert_int_equal(origin->source, CONFIGURATION_SOURCE_FILE);
    assert_string_equal(origin->path, "fn0.toml");
    assert_int_equal(origin->line, 1);
    project_destroy(project);

    options.flag_count = 0;
    project = make(&options);
    function = &project->configuration->function;
    assert_int_equal(function->limits.value[LIMIT_CPU], 3000000);
    origin = origin_of(project, "limits.cpu");
    assert_int_equal(origin->source, CONFIGURATION_SOURCE_ENVIRONMENT);
    assert_string_equal(origin->flag, "FN0_LIMITS_CPU");
    project_destroy(project);

    options.environment = NULL;
    project = make(&options);
    function = &project->configuration->function;
    assert_int_equal(function->limits.value[LIMIT_CPU], 2000000);
    assert_int_equal(function->outbound_hosts.count, 1);
    assert_string_equal(function->outbound_hosts.items[0], "b");
    origin = origin_of(project, "limits.cpu");
    assert_int_equal(origin->source, CONFIGURATION_SOURCE_DOTENV);
    assert_string_equal(origin->path, ".env");
    assert_int_equal(origin->line, 2);
    project_destroy(project);

    assert_int_equal(unlink(".env"), 0);
    project = make(&options);
    assert_int_equal(project->configuration->function.limits.value[LIMIT_CPU], 1000000);
    project_destroy(project);
}

static void variables_know_where_they_come_from(void **state)
{
    (void)state;
    put(".env", "B=2\nC=3\n");
    struct project *project = make_of("name = \"a\"\nmain = \"a.js\"\n"
                                      "[environment]\nA = \"1\"\nB = \"1\"\n");
    const struct project_configuration *configuration = project->configuration;
    static const struct {
        const char *name;
        const char *value;
        enum configuration_source source;
        unsigned line;
    } rows[] = {
        {"A", "1", CONFIGURATION_SOURCE_FILE, 4},
        {"B", "2", CONFIGURATION_SOURCE_DOTENV, 1},
        {"C", "3", CONFIGURATION_SOURCE_DOTENV, 2},
    };
    assert_int_equal(configuration->function.environment_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct field *field = &configuration->function.environment[i];
        assert_string_equal(field->name.data, rows[i].name);
        assert_string_equal(field->value.data, rows[i].value);
        assert_int_equal(configuration->variable_origins[i].source, rows[i].source);
        assert_int_equal(configuration->variable_origins[i].line, rows[i].line);
    }
    project_destroy(project);
}

static void what_is_wrong_above_the_file_says_where(void **state)
{
    (void)state;
    static const char *const environment[] = {"FN0_LIMITS_CPU=soon", NULL};
    put(PROJECT_FILE, "name = \"a\"\nmain = \"a.js\"\n");
    fails(&(struct project_options){.environment = environment}, ERROR_USAGE,
          "FN0_LIMITS_CPU: expected a duration from 1 us to 87600 h, like \"10ms\", or \"none\", "
          "not \"soon\"");
    put(".env", "A=1\nFN0_LIMITS_CPU=later\n");
    fails(&(struct project_options){0}, ERROR_CONFIGURATION,
          ".env:2: FN0_LIMITS_CPU: expected a duration from 1 us to 87600 h, like \"10ms\", or "
          "\"none\", not \"later\"");
    put(".env", "A=1\nB\n");
    fails(&(struct project_options){0}, ERROR_CONFIGURATION,
          ".env:2: expected NAME=VALUE or a comment that begins with #");
}

static void flags_lift_limits(void **state)
{
    (void)state;
    static const struct configuration_flag flag = {
        .key = "limits", .value = "none", .flag = "--limits"};
    put(PROJECT_FILE, "name = \"a\"\nmain = \"a.js\"\nlimits.cpu = \"1ms\"\n");
    struct project *project = make(&(struct project_options){.flags = &flag, .flag_count = 1});
    struct limits none;
    limits_set_none(&none);
    assert_memory_equal(&project->configuration->function.limits, &none, sizeof(none));
    assert_string_equal(origin_of(project, "limits.memory")->flag, "--limits");
    project_destroy(project);
}

/* ---- Its host ---- */

static void a_host_serves_the_function_as_it_is(void **state)
{
    (void)state;
    static const struct configuration_flag listen = {
        .key = "net.listen", .value = "127.0.0.1:0", .flag = "--listen"};
    static const struct configuration_flag wrong = {
        .key = "net.listen", .value = "here", .flag = "--listen"};
    struct error error = {0};
    struct host_configuration *host = NULL;
    struct project *project =
        make_of("name = \"a\"\nmain = \"a.js\"\nlimits.cpu = \"5s\"\nlimits.memory = \"64MB\"\n"
                "outbound.hosts = [\"a.example\"]\nenvironment.A = \"1\"\n");
    assert_int_equal(project_limit_above_stock(project), LIMIT_CPU);
    assert_int_equal(project_make_host(project, &listen, 1, &host, NULL), 0);
    assert_string_equal(host->component, project->component);
    assert_string_equal(host->net.listen.items[0], "127.0.0.1:0");
    assert_int_equal(
        project_make_host(project, &wrong, 1, &(struct host_configuration *){0}, &error),
        ERROR_USAGE);
    project_destroy(project);

    assert_int_equal(host->function.limits.value[LIMIT_CPU], 5000000000);
    assert_int_equal(host->limits_max.value[LIMIT_CPU], 5000000000);
    assert_int_equal(host->limits_max.value[LIMIT_MEMORY], 128 << 20);
    assert_int_equal(host->function.limits.value[LIMIT_MEMORY], 64 << 20);
    assert_true(host->function.outbound_hosts_set);
    assert_string_equal(host->function.outbound_hosts.items[0], "a.example");
    assert_int_equal(host->function.environment_count, 1);
    assert_int_equal(host->function.instance.uses_max, 10000);
    host_configuration_destroy(host);

    project = make_of("name = \"a\"\nmain = \"a.js\"\n");
    assert_int_equal(project_limit_above_stock(project), LIMIT_COUNT);
    project_destroy(project);
}

static void assets_are_seen_from_the_projects_folder(void **state)
{
    struct project *project =
        make_of("name = \"a\"\nmain = \"a.js\"\n[assets]\nfolder = \"public\"\n");
    struct host_configuration *host = NULL;
    char folder_of_assets[sizeof(before)];
    char here[sizeof(before)];
    (void)state;
    assert_non_null(getcwd(here, sizeof(here) - 8));
    assert_string_equal(project->configuration->function.assets.folder, "public");
    assert_int_equal(project_make_host(project, NULL, 0, &host, NULL), 0);
    project_destroy(project);
    strcpy(folder_of_assets, here);
    strcat(folder_of_assets, "/public");
    assert_string_equal(host->function.assets.folder, folder_of_assets);
    host_configuration_destroy(host);
}

static void its_host_lets_it_reach_what_the_project_allows(void **state)
{
    (void)state;
    static const struct configuration_flag flag = {
        .key = "outbound.allow", .value = "10.1.0.0/16", .flag = "--outbound-allow"};
    struct host_configuration *host = NULL;
    struct project *project = make_of("name = \"a\"\nmain = \"a.js\"\n"
                                      "outbound.allow = [\"127.0.0.1:9000\", \"::1\"]\n");
    assert_int_equal(project_make_host(project, NULL, 0, &host, NULL), 0);
    project_destroy(project);
    assert_int_equal(host->outbound_allow.count, 2);
    assert_string_equal(host->outbound_allow.items[0], "127.0.0.1:9000");
    assert_string_equal(host->outbound_allow.items[1], "::1");
    host_configuration_destroy(host);

    /* A flag takes the list's place. */
    project = make(&(struct project_options){.flags = &flag, .flag_count = 1});
    assert_int_equal(project_make_host(project, &flag, 1, &host, NULL), 0);
    project_destroy(project);
    assert_int_equal(host->outbound_allow.count, 1);
    assert_string_equal(host->outbound_allow.items[0], "10.1.0.0/16");
    host_configuration_destroy(host);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_project_is_where_its_file_is),
        IN_A_FOLDER(it_is_found_from_below_and_from_elsewhere),
        IN_A_FOLDER(without_a_file_there_is_no_project),
        IN_A_FOLDER(the_language_is_told),
        IN_A_FOLDER(cargo_tells_of_rust),
        IN_A_FOLDER(a_command_stands_for_any_language),
        IN_A_FOLDER(what_is_missing_is_said),
        IN_A_FOLDER(what_is_wrong_has_its_line),
        IN_A_FOLDER(each_source_stands_above_the_next),
        IN_A_FOLDER(variables_know_where_they_come_from),
        IN_A_FOLDER(what_is_wrong_above_the_file_says_where),
        IN_A_FOLDER(flags_lift_limits),
        IN_A_FOLDER(a_host_serves_the_function_as_it_is),
        IN_A_FOLDER(assets_are_seen_from_the_projects_folder),
        IN_A_FOLDER(its_host_lets_it_reach_what_the_project_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
