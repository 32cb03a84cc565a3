/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/project_build.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/sha256.h"
#include "builder/cargo.h"
#include "builder/clang.h"
#include "builder/javascript.h"
#include "builder/python.h"
#include "project/inputs.h"
#include "project/sources.h"

#define COMPONENT_MODE 0644
#define COMPONENT_BYTES_MAX (512u << 20)
#define OUTPUT_BYTES_MAX (1u << 20)
#define TYPES_BYTES_MAX (16u << 20)
#define SOURCES_BYTES_MAX (4u << 20)

/* One build. */
struct run {
    struct builder *builder;
    const struct project_build_options *options;
    const struct project *project;
    struct buffer content; /* the component */
    struct buffer sources; /* what the tool has read, as it says; empty: it does not */
    struct project_made *made;
    struct error *error;
};

/* ---- Whether something has changed ---- */

static int add_file(struct sha256 *hash, const char *path, struct error *error)
{
    char line[128] = "none";
    struct stat status;
    if (stat(path, &status) == 0)
        (void)snprintf(line, sizeof(line), "%lld %lld.%09ld %llu", (long long)status.st_size,
                       (long long)status.st_mtim.tv_sec, (long)status.st_mtim.tv_nsec,
                       (unsigned long long)status.st_ino);
    return sha256_add(hash, slice_of(line), error);
}

/* A file that is another one when the language's SDK is; none where there is no SDK. */
static void find_sdk_part(const struct run *run, char ret_path[PATH_MAX])
{
    const struct project_build_options *options = run->options;
    const struct {
        const char *named;
        const char *folder;
        const char *part;
    } sdks[LANGUAGE_COUNT] = {
        [LANGUAGE_JAVASCRIPT] = {options->sdk_named, "javascript", "engine.wasm"},
        [LANGUAGE_TYPESCRIPT] = {options->sdk_named, "javascript", "engine.wasm"},
        [LANGUAGE_C] = {options->sdk_c_named, "c", "lib/fn0.o"},
        [LANGUAGE_PYTHON] = {options->sdk_python_named, "python", "fn0.py"},
    };
    const char *named = sdks[run->project->language].named;
    const char *folder = sdks[run->project->language].folder;
    const char *part = sdks[run->project->language].part;
    ret_path[0] = '\0';
    if (folder && named && named[0])
        (void)snprintf(ret_path, PATH_MAX, "%s/%s", named, part);
    else if (folder)
        (void)snprintf(ret_path, PATH_MAX, "%s/sdk/%s/%s", options->program_folder, folder, part);
}

/* The stamp of inputs with their hash and the component as it is now. What is built by the SDK is
 * built anew when that is another one. */
static int make_stamp(struct run *run, const uint8_t inputs[SHA256_BYTES],
                      char ret_text[SHA256_TEXT_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    char sdk[PATH_MAX];
    struct sha256 *hash;
    int code = sha256_begin(&hash, run->error);
    if (code)
        return code;
    find_sdk_part(run, sdk);
    code = sha256_add(hash, (struct slice){(const char *)inputs, SHA256_BYTES}, run->error);
    if (code == 0)
        code = add_file(hash, run->project->component, run->error);
    if (code == 0)
        code = add_file(hash, sdk, run->error);
    if (code) {
        sha256_abandon(hash);
        return code;
    }
    code = sha256_finish(&hash, digest, run->error);
    if (code == 0)
        sha256_write(digest, ret_text);
    return code;
}

static int stamp_path(const struct run *run, char ret_path[PATH_MAX])
{
    const char *folder = run->options->development ? PROJECT_DEVELOPMENT_FOLDER : PROJECT_FOLDER;
    int bytes = snprintf(ret_path, PATH_MAX, "%s/%s/%s.stamp", run->project->folder, folder,
                         run->project->name);
    return bytes > 0 && bytes < PATH_MAX
               ? 0
               : error_set(run->error, ERROR_SYSTEM, "the path of the project is too long");
}

/* Whether the component is there and made of these inputs. */
static int find_fresh(struct run *run, const uint8_t inputs[SHA256_BYTES], bool *ret_fresh)
{
    char stamp[SHA256_TEXT_BYTES];
    char path[PATH_MAX];
    struct buffer said;
    struct stat status;
    *ret_fresh = false;
    int code = make_stamp(run, inputs, stamp);
    if (code == 0)
        code = stamp_path(run, path);
    if (code || run->options->force || stat(run->project->component, &status) != 0)
        return code;
    buffer_init(&said, SHA256_TEXT_BYTES);
    if (file_read(path, &said, NULL, NULL) == 0 &&
        slice_equal(buffer_slice(&said), slice_of(stamp))) {
        *ret_fresh = true;
        run->made->bytes = (uint64_t)status.st_size;
    }
    buffer_fini(&said);
    return 0;
}

/* What was changed while it was built must be built again: what counted when that began, and what
 * is known to count only now. */
static bool is_as_it_was(const struct run *run, const uint8_t inputs[SHA256_BYTES],
                         uint64_t begin_ns)
{
    uint8_t now[SHA256_BYTES];
    if (inputs_hash(run->project, now, NULL) != 0 || memcmp(now, inputs, sizeof(now)) != 0)
        return false;
    return sources_keep(run->project, buffer_slice(&run->sources), NULL) == 0 &&
           !sources_are_newer(run->project, begin_ns);
}

/* That nothing is known of the next build is no reason to fail this one. */
static void keep_stamp(struct run *run, const uint8_t inputs[SHA256_BYTES], uint64_t begin_ns)
{
    uint8_t now[SHA256_BYTES];
    char stamp[SHA256_TEXT_BYTES];
    char path[PATH_MAX];
    if (stamp_path(run, path) != 0)
        return;
    if (is_as_it_was(run, inputs, begin_ns) && inputs_hash(run->project, now, NULL) == 0 &&
        make_stamp(run, now, stamp) == 0)
        (void)file_write_soon(path, slice_of(stamp), COMPONENT_MODE, NULL);
    else
        (void)unlink(path);
}

/* ---- The languages ---- */

/* What a function may use, for tsc and editors: tsconfig.json names the folder. A project is not
 * the worse built where they are missing. */
static void put_types(const struct run *run, const char *sdk)
{
    static const char types[] = PROJECT_FOLDER "/types";
    char from[PATH_MAX];
    char to[PATH_MAX];
    struct stat old;
    struct stat new;
    struct buffer text;
    int bytes = snprintf(from, sizeof(from), "%s/types/index.d.ts", sdk);
    int length = snprintf(to, sizeof(to), "%s/%s", run->project->folder, types);
    if (bytes < 0 || (size_t)bytes >= sizeof(from) || length < 0 ||
        (size_t)length + sizeof("/index.d.ts") > sizeof(to))
        return;
    (void)mkdir(to, 0777);
    memcpy(to + length, "/index.d.ts", sizeof("/index.d.ts"));
    if (stat(from, &new) != 0 ||
        (stat(to, &old) == 0 && old.st_size == new.st_size &&old.st_mtime >= new.st_mtime))
        return;
    buffer_init(&text, TYPES_BYTES_MAX);
    if (file_read(from, &text, NULL, NULL) == 0)
        (void)file_write_soon(to, buffer_slice(&text), COMPONENT_MODE, NULL);
    buffer_fini(&text);
}

static int make_javascript(struct run *run)
{
    const struct project_build_options *options = run->options;
    char found[PATH_MAX];
    char sdk[PATH_MAX];
    struct javascript_built built;
    int code = javascript_find_sdk(options->sdk_named, options->program_folder, found, run->error);
    if (code)
        return code;
    if (!realpath(found, sdk))
        return error_set_errno(run->error, errno, "cannot find %s", found);
    put_types(run, sdk);
    const struct javascript_options javascript = {
        .clock = options->clock,
        .sdk = sdk,
        .folder = run->project->folder,
        .entry = run->project->configuration->main,
        .development = options->development,
    };
    code = javascript_build(run->builder, &javascript, &built, run->error);
    run->made->tool_ns = built.bundle_ns;
    run->made->engine_ns = built.built.compile_ns;
    run->made->snapshot_ns = built.built.snapshot_ns;
    (void)buffer_append(&run->made->output, built.built.compiled.output);
    if (code == 0 && (buffer_append(&run->content, built.built.compiled.content) != 0 ||
                      buffer_append(&run->content, buffer_slice(&built.notices)) != 0))
        code = error_set_memory(run->error);
    /* Without memory for it nothing is known of them. */
    if (code == 0)
        (void)buffer_append(&run->sources, buffer_slice(&built.sources));
    javascript_built_fini(&built);
    return code;
}

static int make_rust(struct run *run)
{
    return cargo_build(run->builder, run->project->folder, &run->content, &run->sources,
                       run->error);
}

/* A language whose SDK is found by `find`, and which is built with what lies between in
 * PROJECT_FOLDER. */
static int make_with_sdk(struct run *run, const char *named,
                         int (*find)(const char *named, const char *program_folder,
                                     char ret_path[PATH_MAX], struct error *error),
                         int (*build)(struct builder *builder, const char *sdk, const char *folder,
                                      const char *entry, const char *work, struct buffer *content,
                                      struct buffer *sources, struct error *error))
{
    char found[PATH_MAX];
    char sdk[PATH_MAX];
    char work[PATH_MAX];
    int code = find(named, run->options->program_folder, found, run->error);
    if (code)
        return code;
    if (!realpath(found, sdk))
        return error_set_errno(run->error, errno, "cannot find %s", found);
    int bytes = snprintf(work, sizeof(work), "%s/" PROJECT_FOLDER, run->project->folder);
    if (bytes < 0 || (size_t)bytes >= sizeof(work))
        return error_set(run->error, ERROR_SYSTEM, "the path of the project is too long");
    return build(run->builder, sdk, run->project->folder, run->project->configuration->main, work,
                 &run->content, &run->sources, run->error);
}

static int make_c(struct run *run)
{
    return make_with_sdk(run, run->options->sdk_c_named, clang_find_sdk, clang_build);
}

static int make_python(struct run *run)
{
    return make_with_sdk(run, run->options->sdk_python_named, python_find_sdk, python_build);
}

/* The makes, by language. */
static int (*const makes[LANGUAGE_COUNT])(struct run *run) = {
    [LANGUAGE_JAVASCRIPT] = make_javascript,
    [LANGUAGE_TYPESCRIPT] = make_javascript,
    [LANGUAGE_RUST] = make_rust,
    [LANGUAGE_C] = make_c,
    [LANGUAGE_PYTHON] = make_python,
};

/* [build] command: puts the component where it belongs by itself. */
static int run_command(struct run *run)
{
    char shell[] = "sh", flag[] = "-c";
    char *words[] = {shell, flag, (char *)run->project->command, NULL};
    const struct builder_tool tool = {.words = words, .folder = run->project->folder};
    int status = 0;
    int code = builder_run(run->builder, &tool, &status, run->error);
    if (code)
        return code;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(
            run->error, ERROR_COMPONENT_INVALID, "[build] command ended with %s %d: %s",
            WIFEXITED(status) ? "status" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), run->project->command);
    code = file_read(run->project->component, &run->content, NULL, run->error);
    if (code == ERROR_NOT_FOUND)
        return error_set(run->error, ERROR_CONFIGURATION,
                         "%s: [build] command has not made the component %s", run->project->shown,
                         run->project->shown_component);
    return code;
}

static int make(struct run *run)
{
    const struct project *project = run->project;
    uint64_t begin_ns = clock_monotonic_ns(run->options->clock);
    int code;
    if (project->command)
        code = run_command(run);
    else if (makes[project->language])
        code = makes[project->language](run);
    else
        code = error_set(run->error, ERROR_CONFIGURATION,
                         "%s: %s is not built by itself: say [build] command, and component",
                         project->shown, language_info(project->language)->title);
    if (run->made->tool_ns == 0)
        run->made->tool_ns = clock_monotonic_ns(run->options->clock) - begin_ns;
    run->made->bytes = buffer_bytes(&run->content);
    return code;
}

/* ---- Where it goes ---- */

static int make_development_folder(struct run *run)
{
    char path[PATH_MAX];
    int bytes =
        snprintf(path, sizeof(path), "%s/" PROJECT_DEVELOPMENT_FOLDER, run->project->folder);
    if (bytes < 0 || (size_t)bytes >= sizeof(path))
        return error_set(run->error, ERROR_SYSTEM, "the path of the project is too long");
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return error_set_errno(run->error, errno, "cannot make the folder %s", path);
}

/* The folder of what is made, which git does not get to see. */
static int make_folder(struct run *run)
{
    char path[PATH_MAX];
    int bytes = snprintf(path, sizeof(path), "%s/" PROJECT_FOLDER, run->project->folder);
    if (bytes < 0 || (size_t)bytes + sizeof("/.gitignore") > sizeof(path))
        return error_set(run->error, ERROR_SYSTEM, "the path of the project is too long");
    if (mkdir(path, 0777) != 0) {
        int number = errno;
        return number == EEXIST
                   ? 0
                   : error_set_errno(run->error, number, "cannot make the folder %s", path);
    }
    memcpy(path + bytes, "/.gitignore", sizeof("/.gitignore"));
    return file_write(path, SLICE("*\n"), COMPONENT_MODE, NULL, run->error);
}

static int check_made(struct run *run)
{
    int code =
        builder_check(run->builder, buffer_slice(&run->content),
                      &run->project->configuration->function, &run->made->checked, run->error);
    bool is_told = code == 0 || code == ERROR_CLOSED;
    return is_told ? code : error_wrap(run->error, "%s", run->project->shown_component);
}

/* Begins a run, and looks whether there is anything to make. */
static int begin(struct run *run, struct builder *builder,
                 const struct project_build_options *options, struct project_made *made,
                 uint8_t inputs[SHA256_BYTES], struct error *error)
{
    *run = (struct run){
        .builder = builder,
        .options = options,
        .project = options->project,
        .made = made,
        .error = error,
    };
    *made = (struct project_made){.fresh = false};
    buffer_init(&made->output, OUTPUT_BYTES_MAX);
    int code = inputs_hash(run->project, inputs, error);
    return code == 0 ? find_fresh(run, inputs, &made->fresh) : code;
}

/* A person waits for the one of development, which nobody deploys. */
static int put_component(struct run *run)
{
    const char *path = run->project->component;
    struct slice content = buffer_slice(&run->content);
    if (run->options->development)
        return file_write_soon(path, content, COMPONENT_MODE, run->error);
    return file_write(path, content, COMPONENT_MODE, NULL, run->error);
}

static int build(struct run *run, const uint8_t inputs[SHA256_BYTES])
{
    uint64_t begin_ns = clock_realtime_ns(run->options->clock);
    int code = make_folder(run);
    if (code == 0 && run->options->development)
        code = make_development_folder(run);
    if (code == 0)
        code = make(run);
    if (code == 0 && !run->options->unchecked)
        code = check_made(run);
    if (code == 0 && !run->project->command)
        code = put_component(run);
    if (code == 0)
        keep_stamp(run, inputs, begin_ns);
    else
        sources_doubt(run->project);
    return code;
}

void project_put_types(const struct project_build_options *options)
{
    struct error ignored;
    struct run run = {.options = options, .project = options->project, .error = &ignored};
    char sdk[PATH_MAX];
    if (javascript_find_sdk(options->sdk_named, options->program_folder, sdk, &ignored) == 0 &&
        make_folder(&run) == 0)
        put_types(&run, sdk);
}

int project_look(const struct project_build_options *options, struct project_made *ret_made,
                 struct error *error)
{
    uint8_t inputs[SHA256_BYTES];
    struct run run;
    return begin(&run, NULL, options, ret_made, inputs, error);
}

int project_build(struct builder *builder, const struct project_build_options *options,
                  struct project_made *ret_made, struct error *error)
{
    uint8_t inputs[SHA256_BYTES];
    struct run run;
    int code = begin(&run, builder, options, ret_made, inputs, error);
    if (code || ret_made->fresh)
        return code;
    buffer_init(&run.content, COMPONENT_BYTES_MAX);
    buffer_init(&run.sources, SOURCES_BYTES_MAX);
    code = build(&run, inputs);
    buffer_fini(&run.sources);
    buffer_fini(&run.content);
    return code;
}

void project_made_fini(struct project_made *made)
{
    buffer_fini(&made->output);
}
