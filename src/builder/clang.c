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

/* Names that a clang may have which knows wasm32-wasip2, the newest first. */
static const char *const clangs[] = {"clang-22", "clang-21", "clang-20", "clang-19", "clang"};
#define CLANG_COUNT (sizeof(clangs) / sizeof(clangs[0]))

int clang_find_sdk(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                   struct error *error)
{
    static const char *const parts[] = {"include/fn0.h", "lib/fn0.o", "sysroot/include",
                                        "bin/wasm-component-ld"};
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

static bool is_source(const char *name)
{
    size_t bytes = strlen(name);
    return bytes > 2 && name[0] != '.' && strcmp(name + bytes - 2, ".c") == 0;
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

static int make_line(struct line *line, const char *sdk, const char *folder, const char *entry,
                     const char *out, struct error *error)
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
    int code = add_sources(line, folder, entry, error);
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        add(line, sdk, objects[i]);
    add(line, "-o", out);
    if (code == 0 && line->out_of_memory)
        code = error_set(error, ERROR_OUT_OF_MEMORY, "too many sources beside %s", entry);
    return code;
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

int clang_build(struct builder *builder, const char *sdk, const char *folder, const char *entry,
                const char *work, struct buffer *content, struct error *error)
{
    char out[PATH_MAX];
    struct line *line = calloc(1, sizeof(*line));
    if (!line)
        return error_set_memory(error);
    arena_init(&line->arena, ARENA_BYTES_MAX);
    int bytes = snprintf(out, sizeof(out), "%s/linked.wasm", work);
    int code = bytes > 0 && (size_t)bytes < sizeof(out)
                   ? make_line(line, sdk, folder, entry, out, error)
                   : error_set(error, ERROR_SYSTEM, "the path %s is too long", work);
    if (code == 0)
        code = run_clang(builder, line, folder, entry, error);
    if (code == 0)
        code = file_read(out, content, NULL, error);
    (void)unlink(out);
    arena_fini(&line->arena);
    free(line);
    return code;
}
