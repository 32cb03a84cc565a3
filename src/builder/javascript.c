/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/javascript.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "builder/custom_section.h"
#include "builder/frame.h"
#include "builder/scratch.h"

#define ENGINE "engine.wasm"
#define BUNDLER "builder/bundle.mjs"
#define SCRIPT "main.js"
#define NOTICES SCRIPT ".LEGAL.txt"
#define SOURCES SCRIPT ".inputs"

#define ENGINE_BYTES_MAX (256u << 20)
#define SOURCE_BYTES_MAX (64u << 20)
#define MAP_BYTES_MAX (256u << 20)
#define NOTICES_BYTES_MAX (16u << 20)
#define SOURCES_BYTES_MAX (4u << 20)

bool javascript_is_entry(const char *path)
{
    static const char *const endings[] = {".js", ".jsx", ".mjs", ".ts", ".tsx", ".mts"};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (strcmp(dot, endings[i]) == 0)
            return true;
    }
    return false;
}

/* ---- The SDK --------------------------------------------------------------------------------- */

static int path_in(char ret_path[PATH_MAX], const char *folder, const char *name,
                   struct error *error)
{
    int length = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);

    if (length < 0 || length >= PATH_MAX)
        return error_set(error, ERROR_SYSTEM, "the path %s/%s is too long", folder, name);
    return 0;
}

int javascript_find_sdk(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                        struct error *error)
{
    static const char *const parts[] = {ENGINE, BUNDLER};
    char path[PATH_MAX];
    int code;

    if (named != NULL && named[0] != 0)
        code = snprintf(ret_path, PATH_MAX, "%s", named) < PATH_MAX
                   ? 0
                   : error_set(error, ERROR_SYSTEM, "the path of FN0_SDK is too long");
    else
        code = path_in(ret_path, program_folder, "sdk/javascript", error);
    for (size_t i = 0; i < 2 && code == 0; i++) {
        code = path_in(path, ret_path, parts[i], error);
        if (code == 0 && access(path, R_OK) != 0)
            return error_set(
                error, ERROR_NOT_FOUND,
                "the JavaScript SDK is not in %s: %s is missing. In a clone of fn0 'make build' "
                "makes it; elsewhere set FN0_SDK to the folder that it is in",
                ret_path, parts[i]);
    }
    return code;
}

/* ---- Bundling -------------------------------------------------------------------------------- */

static int check_entry(const struct javascript_options *options, struct error *error)
{
    const char *entry = options->entry;
    char path[PATH_MAX];
    struct stat status;
    int code = options->folder != NULL && entry[0] != '/'
                   ? path_in(path, options->folder, entry, error)
                   : 0;

    if (code != 0)
        return code;
    if (stat(options->folder != NULL && entry[0] != '/' ? path : entry, &status) != 0)
        return error_set_errno(error, errno, "cannot read %s", entry);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_SYSTEM, "%s is no file", entry);
    return 0;
}

/* Runs the bundler's command. */
static int run_bundler(struct builder *builder, const struct bundler_request *request,
                       int *ret_status, struct error *error)
{
    char program[] = "node", to[] = "--out-dir", mode[] = "--mode=development";
    char *words[] = {
        program, (char *)request->program, (char *)request->entry,
        to,      (char *)request->to,      request->development ? mode : NULL,
        NULL,
    };
    const struct builder_tool tool = {.words = words, .folder = request->folder};
    int status = 0;
    int code = builder_run(builder, &tool, &status, error);

    if (code == 0 && !WIFEXITED(status))
        return error_set(error, ERROR_INTERNAL, "the bundler %s ended with signal %d",
                         request->program, WTERMSIG(status));
    *ret_status = WEXITSTATUS(status);
    return code;
}

/* Has the bundler work, which says itself what is wrong with the source. */
static int bundle(struct builder *builder, const struct javascript_options *options,
                  const char *folder, struct error *error)
{
    char bundler[PATH_MAX];
    const struct bundler_request request = {
        .program = bundler,
        .folder = options->folder,
        .entry = options->entry,
        .to = folder,
        .development = options->development,
    };
    int status = 0;
    int code = path_in(bundler, options->sdk, BUNDLER, error);

    if (code == 0)
        code = builder_bundle(builder, &request, &status, error);
    if (code == 0 && status < 0)
        code = run_bundler(builder, &request, &status, error);
    if (code == ERROR_NOT_FOUND)
        return error_set(error, ERROR_NOT_FOUND,
                         "node is not on PATH: JavaScript is bundled by Node.js 20 or newer, "
                         "https://nodejs.org or your system's package nodejs");
    if (code != 0 || status == 0)
        return code;
    if (status == 1)
        return error_set(error, ERROR_COMPONENT_INVALID,
                         "%s cannot be bundled: the reason is above", options->entry);
    return error_set(error, ERROR_INTERNAL, "the bundler %s ended with status %d", bundler, status);
}

/* Frames what the bundler has made. */
static int frame_bundle(const char *folder, struct buffer *input, struct error *error)
{
    char path[PATH_MAX], map_path[PATH_MAX];
    struct buffer source, map;
    int code = path_in(path, folder, SCRIPT, error);

    buffer_init(&source, SOURCE_BYTES_MAX);
    buffer_init(&map, MAP_BYTES_MAX);
    if (code == 0)
        code = path_in(map_path, folder, SCRIPT ".map", error);
    if (code == 0)
        code = file_read(path, &source, NULL, error);
    if (code == 0 && access(map_path, F_OK) == 0)
        code = file_read(map_path, &map, NULL, error);
    if (code == 0) {
        const struct frame frame = {
            .stage = "script",
            .name = SLICE(SCRIPT),
            .source = buffer_slice(&source),
            .map = buffer_slice(&map),
        };
        code = frame_append(input, &frame);
        if (code != 0)
            error_set_memory(error);
    }
    buffer_fini(&source);
    buffer_fini(&map);
    return code;
}

/* Makes a section of what packages ask to be kept; an empty one where none does. */
static int frame_notices(const char *folder, struct buffer *section, struct error *error)
{
    char path[PATH_MAX];
    struct buffer notices;
    int code = path_in(path, folder, NOTICES, error);

    if (code != 0 || access(path, F_OK) != 0)
        return code;
    buffer_init(&notices, NOTICES_BYTES_MAX);
    code = file_read(path, &notices, NULL, error);
    if (code == 0 && custom_section_append(section, SLICE(JAVASCRIPT_NOTICES_SECTION),
                                           buffer_slice(&notices)) != 0)
        code = error_set_memory(error);
    buffer_fini(&notices);
    return code;
}

/* Where they cannot be read nothing is known of them. */
static void read_sources(const char *folder, struct buffer *sources)
{
    char path[PATH_MAX];

    if (path_in(path, folder, SOURCES, NULL) == 0 && file_read(path, sources, NULL, NULL) != 0)
        buffer_reset(sources, 0);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int snapshot_engine(struct builder *builder, const char *engine_path,
                           const struct buffer *input, struct built *ret_built, struct error *error)
{
    struct buffer engine;
    int code;

    buffer_init(&engine, ENGINE_BYTES_MAX);
    code = file_read(engine_path, &engine, NULL, error);
    if (code == 0)
        code =
            builder_snapshot(builder, buffer_slice(&engine), buffer_slice(input), ret_built, error);
    buffer_fini(&engine);
    return code;
}

/* Bundles into a folder, and evaluates what comes of it. */
static int build_in(struct builder *builder, const struct javascript_options *options,
                    const char *folder, struct javascript_built *ret_built, struct error *error)
{
    uint64_t begin_ns = clock_monotonic_ns(options->clock);
    char engine_path[PATH_MAX];
    struct buffer input;
    int code = bundle(builder, options, folder, error);

    ret_built->bundle_ns = clock_monotonic_ns(options->clock) - begin_ns;
    if (code == 0)
        code = path_in(engine_path, options->sdk, ENGINE, error);
    if (code != 0)
        return code;
    buffer_init(&input, SOURCE_BYTES_MAX + MAP_BYTES_MAX + 4096);
    code = frame_bundle(folder, &input, error);
    if (code == 0)
        code = frame_notices(folder, &ret_built->notices, error);
    if (code == 0)
        code = snapshot_engine(builder, engine_path, &input, &ret_built->built, error);
    if (code == 0)
        read_sources(folder, &ret_built->sources);
    buffer_fini(&input);
    return code;
}

static void built_init(struct javascript_built *built)
{
    *built = (struct javascript_built){0};
    buffer_init(&built->notices, NOTICES_BYTES_MAX + 64);
    buffer_init(&built->sources, SOURCES_BYTES_MAX);
}

void javascript_built_fini(struct javascript_built *built)
{
    buffer_fini(&built->sources);
    buffer_fini(&built->notices);
    built_fini(&built->built);
}

int javascript_build(struct builder *builder, const struct javascript_options *options,
                     struct javascript_built *ret_built, struct error *error)
{
    char folder[PATH_MAX];
    int code = check_entry(options, error);

    built_init(ret_built);
    if (code == 0)
        code = scratch_make(folder, error);
    if (code != 0)
        return code;
    code = build_in(builder, options, folder, ret_built, error);
    scratch_remove(folder);
    return code;
}

int javascript_build_engine(struct builder *builder, const char *engine_path,
                            const char *library_path, struct javascript_built *ret_built,
                            struct error *error)
{
    const char *slash = strrchr(library_path, '/');
    struct buffer source, input;
    int code;

    built_init(ret_built);
    buffer_init(&source, SOURCE_BYTES_MAX);
    buffer_init(&input, SOURCE_BYTES_MAX + 4096);
    code = file_read(library_path, &source, NULL, error);
    if (code == 0) {
        const struct frame frame = {
            .stage = "library",
            .name = slice_of(slash != NULL ? slash + 1 : library_path),
            .source = buffer_slice(&source),
        };
        code = frame_append(&input, &frame);
        if (code != 0)
            error_set_memory(error);
    }
    if (code == 0)
        code = snapshot_engine(builder, engine_path, &input, &ret_built->built, error);
    buffer_fini(&source);
    buffer_fini(&input);
    return code;
}
