/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/clang.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/file.h"

#define WORDS_MAX 1024
#define ARENA_BYTES_MAX (4u << 20)
#define HEADERS_BYTES_MAX (4u << 20)

/* Names that a clang may have which knows wasm32-wasip2, the newest first. */
static const char *const clangs[] = {"clang-22", "clang-21", "clang-20", "clang-19", "clang"};
#define CLANG_COUNT (sizeof(clangs) / sizeof(clangs[0]))

int clang_find_sdk(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                   struct error *error)
{
    static const char *const parts[] = {"include/fn0.h", "lib/fn0.o", "lib/fetch.o",
                                        "sysroot/include", "bin/wasm-component-ld"};
    char path[2 * PATH_MAX];
    bool is_named = named && named[0];
    int bytes = is_named ? snprintf(ret_path, PATH_MAX, "%s", named)
                         : snprintf(ret_path, PATH_MAX, "%s/sdk/c", program_folder);
    if (bytes < 0 || bytes >= PATH_MAX)
        return error_set(error, ERROR_SYSTEM, "the path of the C SDK is too long");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", ret_path, parts[i]);
        if (access(path, R_OK) != 0)
            return error_set(
                error, ERROR_NOT_FOUND,
                "the C SDK is not in %s: %s is missing. In a clone of fn0 'make build' "
                "makes it; elsewhere set FN0_SDK_C to the folder that it is in",
                ret_path, parts[i]);
    }
    return 0;
}

/* ---- The command line ---- */

struct line {
    struct arena arena;
    char *words[WORDS_MAX]; /* the first is clang's name; the last NULL */
    size_t count;
    bool out_of_memory;
};

static void add(struct line *line, const char *before, const char *text)
{
    char *word = arena_print(&line->arena, "%s%s", before, text);
    if (!word || line->count == WORDS_MAX - 1) {
        line->out_of_memory = true;
        return;
    }
    line->words[line->count++] = word;
}

static bool ends_as_source(const char *path)
{
    size_t bytes = strlen(path);
    return bytes > 2 && strcmp(path + bytes - 2, ".c") == 0;
}

static bool is_source(const char *name)
{
    return name[0] != '.' && ends_as_source(name);
}

/* The entry and the .c files beside it. */
static int add_sources(struct line *line, const char *folder, const char *entry,
                       struct error *error)
{
    char beside[PATH_MAX] = "";
    char whole[2 * PATH_MAX];
    struct dirent **entries;
    const char *slash = strrchr(entry, '/');
    if (slash)
        (void)snprintf(beside, sizeof(beside), "%.*s", (int)(slash - entry + 1), entry);
    (void)snprintf(whole, sizeof(whole), "%s%s%s", beside[0] == '/' ? "" : folder,
                   beside[0] == '/' ? "" : "/", beside);
    int count = scandir(whole, &entries, NULL, alphasort);
    if (count < 0)
        return error_set_errno(error, errno, "cannot read the folder %s", whole);
    add(line, "", entry);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (is_source(name) && strcmp(name, slash ? slash + 1 : entry) != 0)
            add(line, beside, name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

/* `headers` is where clang is to list what is included. */
static int make_line(struct line *line, const char *sdk, const char *folder, const char *entry,
                     const char *out, const char *headers, struct error *error)
{
    static const char *const options[] = {"--target=wasm32-wasip2", "-mexec-model=reactor",
                                          "-std=c17", "-O2", "-Wall", "-Wextra",
                                          "-ffunction-sections",
                                          /* Names are kept: backtraces name functions. */
                                          "-Wl,--strip-debug", "-Wl,--gc-sections"};
    static const char *const objects[] = {"/lib/fn0.o", "/lib/fetch.o", "/lib/bindings.o",
                                          "/lib/component_type.o"};
    add(line, "", clangs[0]);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        add(line, "", options[i]);
    add(line, "--sysroot=", arena_print(&line->arena, "%s/sysroot", sdk));
    add(line, "-B", arena_print(&line->arena, "%s/bin", sdk));
    add(line, "-I", arena_print(&line->arena, "%s/include", sdk));
    add(line, "", "-Xclang");
    add(line, "", "-header-include-file");
    add(line, "", "-Xclang");
    add(line, "", headers);
    int code = add_sources(line, folder, entry, error);
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        add(line, sdk, objects[i]);
    add(line, "-o", out);
    if (code == 0 && line->out_of_memory)
        code = error_set(error, ERROR_OUT_OF_MEMORY, "too many sources beside %s", entry);
    return code;
}

/* ---- What it is made of ---- */

/* A path as clang has it, seen from `folder`. What cannot be found is left out. */
static int add_path(struct buffer *sources, const char *folder, const char *path)
{
    char whole[2 * PATH_MAX];
    char real[PATH_MAX];
    (void)snprintf(whole, sizeof(whole), "%s%s%s", path[0] == '/' ? "" : folder,
                   path[0] == '/' ? "" : "/", path);
    return realpath(whole, real) ? buffer_print(sources, "%s\n", real) : 0;
}

/* The sources among the words, and the headers that clang has listed. Where a part of that is not
 * known, nothing is. */
static void list_sources(const struct line *line, const char *folder, const char *headers,
                         struct buffer *sources)
{
    struct buffer listed;
    buffer_init(&listed, HEADERS_BYTES_MAX);
    int code = 0;
    for (size_t i = 1; i < line->count && code == 0; i++) {
        if (line->words[i][0] != '-' && ends_as_source(line->words[i]))
            code = add_path(sources, folder, line->words[i]);
    }
    /* None is there where nothing is included. */
    if (code == 0 && access(headers, F_OK) == 0)
        code = file_read(headers, &listed, NULL, NULL);
    if (code == 0)
        code = buffer_append(&listed, (struct slice){"", 1});
    for (char *text = (char *)buffer_slice(&listed).data, *path;
         code == 0 && (path = strsep(&text, "\n")) != NULL;) {
        if (*path)
            code = add_path(sources, folder, path);
    }
    if (code)
        buffer_reset(sources, 0);
    buffer_fini(&listed);
}

/* ---- clang ---- */

static int run_clang(struct builder *builder, struct line *line, const char *folder,
                     const char *entry, struct error *error)
{
    int code = ERROR_NOT_FOUND;
    int status = 0;
    for (size_t i = 0; i < CLANG_COUNT && code == ERROR_NOT_FOUND; i++) {
        const struct builder_tool tool = {.words = line->words, .folder = folder, .scratch = true};
        line->words[0] = (char *)clangs[i];
        code = builder_run(builder, &tool, &status, error);
    }
    if (code == ERROR_NOT_FOUND)
        return error_set(error, ERROR_NOT_FOUND,
                         "clang is not on PATH: C is built by clang 19 or newer with lld and the "
                         "runtime for wasm32, your system's packages clang-22, lld-22 and "
                         "libclang-rt-22-dev-wasm32");
    if (code)
        return code;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(error, ERROR_COMPONENT_INVALID,
                     "clang could not build %s: the reason is above", entry);
}

static int build(struct builder *builder, struct line *line, const char *folder, const char *entry,
                 const char *out, const char *headers, struct buffer *content,
                 struct buffer *sources, struct error *error)
{
    int code = run_clang(builder, line, folder, entry, error);
    if (code == 0)
        code = file_read(out, content, NULL, error);
    if (code == 0)
        list_sources(line, folder, headers, sources);
    return code;
}

int clang_build(struct builder *builder, const char *sdk, const char *folder, const char *entry,
                const char *work, struct buffer *content, struct buffer *sources,
                struct error *error)
{
    char out[PATH_MAX + 16];
    char headers[PATH_MAX + 16];
    struct line *line = calloc(1, sizeof(*line));
    if (!line)
        return error_set_memory(error);
    arena_init(&line->arena, ARENA_BYTES_MAX);
    (void)snprintf(out, sizeof(out), "%s/linked.wasm", work);
    (void)snprintf(headers, sizeof(headers), "%s/headers", work);
    /* clang adds to what is there. */
    (void)unlink(headers);
    int code = make_line(line, sdk, folder, entry, out, headers, error);
    if (code == 0)
        code = build(builder, line, folder, entry, out, headers, content, sources, error);
    (void)unlink(headers);
    (void)unlink(out);
    arena_fini(&line->arena);
    free(line);
    return code;
}
