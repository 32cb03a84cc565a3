/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/cargo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/toml.h"

#define MANIFEST "Cargo.toml"
#define MANIFEST_BYTES_MAX (1u << 20)
#define ARENA_BYTES_MAX (8u << 20)
#define TARGET "wasm32-wasip2"
#define NAME_BYTES 256
#define SOURCES_BYTES_MAX (4u << 20)

#define HOW_TO_INSTALL \
    "install Rust with rustup (https://rustup.rs), then run 'rustup target add " TARGET "'"

/* What the files that cargo makes may be called. */
struct names {
    char package[NAME_BYTES]; /* of a program */
    char library[NAME_BYTES]; /* of a library: with '_' for '-' */
};

static int join(char ret_path[PATH_MAX], const char *folder, const char *name, struct error *error)
{
    int bytes = name[0] == '/' ? snprintf(ret_path, PATH_MAX, "%s", name)
                               : snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);
    return bytes > 0 && bytes < PATH_MAX
               ? 0
               : error_set(error, ERROR_SYSTEM, "the path %s/%s is too long", folder, name);
}

/* ---- What it will be called ---- */

static void take_name(const struct toml_entry *entry, const char *key, char name[NAME_BYTES])
{
    if (strcmp(entry->key, key) == 0 && entry->value.kind == TOML_STRING)
        (void)snprintf(name, NAME_BYTES, "%s", entry->value.text.data);
}

static int find_names(const struct toml_entry *entry, struct names *ret_names, struct error *error)
{
    *ret_names = (struct names){.package = ""};
    for (; entry; entry = entry->next) {
        take_name(entry, "package.name", ret_names->package);
        take_name(entry, "lib.name", ret_names->library);
    }
    if (!ret_names->package[0])
        return error_set(error, ERROR_CONFIGURATION,
                         MANIFEST ": it names no package: fn0.toml stands beside the Cargo.toml of "
                                  "the package, not of the workspace");
    if (!ret_names->library[0])
        memcpy(ret_names->library, ret_names->package, NAME_BYTES);
    for (char *c = ret_names->library; *c; c++)
        *c = *c == '-' ? '_' : *c;
    return 0;
}

static int read_names(const char *folder, struct names *ret_names, struct error *error)
{
    char path[PATH_MAX];
    struct toml_entry *entries;
    struct buffer text;
    struct arena arena;
    buffer_init(&text, MANIFEST_BYTES_MAX);
    arena_init(&arena, ARENA_BYTES_MAX);
    int code = join(path, folder, MANIFEST, error);
    if (code == 0)
        code = file_read(path, &text, NULL, error);
    if (code == 0)
        code = toml_read(MANIFEST, buffer_slice(&text), &arena, &entries, error);
    if (code == 0)
        code = find_names(entries, ret_names, error);
    arena_fini(&arena);
    buffer_fini(&text);
    return code;
}

/* ---- cargo ---- */

/* Whether rustc has the target's library: cargo's own words for it are "can't find crate". */
static bool has_target(struct builder *builder)
{
    char shell[] = "sh", flag[] = "-c";
    char script[] = "library=$(rustc --print target-libdir --target " TARGET ") 2>/dev/null && "
                    "test -d \"$library\"";
    char *words[] = {shell, flag, script, NULL};
    struct error ignored;
    int status = 0;
    int code = builder_run(builder, &(struct builder_tool){.words = words}, &status, &ignored);
    return code == 0 && status == 0;
}

static int run_cargo(struct builder *builder, const char *folder, char *target_folder,
                     struct error *error)
{
    char cargo[] = "cargo", build[] = "build", release[] = "--release";
    char target[] = "--target=" TARGET, target_dir[] = "--target-dir";
    char colour[] = "--color=always";
    char *words[] = {cargo,
                     build,
                     release,
                     target,
                     target_dir,
                     target_folder,
                     builder_has_colour(builder) ? colour : NULL,
                     NULL};
    const struct builder_tool tool = {.words = words, .folder = folder};
    int status = 0;
    int code = builder_run(builder, &tool, &status, error);
    if (code == ERROR_NOT_FOUND)
        return error_set(error, ERROR_NOT_FOUND, "cargo is not on PATH: " HOW_TO_INSTALL);
    if (code)
        return code;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (!has_target(builder))
        return error_set(error, ERROR_NOT_FOUND,
                         "Rust cannot build for " TARGET " yet: run 'rustup target add " TARGET
                         "'");
    return error_set(error, ERROR_COMPONENT_INVALID,
                     "cargo could not build it: the reason is above");
}

/* What cargo says of the files that a component was made of: "COMPONENT: FILE FILE…", each blank of
 * a name behind a '\\'. Where it cannot be read nothing is known of them. */
static void read_sources(const char *component, struct buffer *sources)
{
    char path[PATH_MAX];
    struct buffer text;
    int stem = (int)(strlen(component) - strlen(".wasm"));
    (void)snprintf(path, sizeof(path), "%.*s.d", stem, component);
    buffer_init(&text, SOURCES_BYTES_MAX);
    int code = file_read(path, &text, NULL, NULL);
    struct slice rest = buffer_slice(&text);
    const char *colon = rest.bytes > 0 ? memmem(rest.data, rest.bytes, ": ", 2) : NULL;
    for (const char *c = colon ? colon + 2 : NULL; c && c < rest.data + rest.bytes && code == 0;
         c++) {
        bool escaped = *c == '\\' && c + 1 < rest.data + rest.bytes && c[1] == ' ';
        c += escaped;
        code = buffer_append(sources, !escaped && *c == ' ' ? SLICE("\n") : (struct slice){c, 1});
    }
    if (code)
        buffer_reset(sources, 0);
    buffer_fini(&text);
}

static int read_component(const char *target_folder, const struct names *names,
                          struct buffer *content, struct buffer *sources, struct error *error)
{
    const char *const stems[] = {names->library, names->package};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++) {
        int bytes =
            snprintf(path, sizeof(path), "%s/" TARGET "/release/%s.wasm", target_folder, stems[i]);
        if (bytes > 0 && (size_t)bytes < sizeof(path) && access(path, F_OK) == 0) {
            read_sources(path, sources);
            return file_read(path, content, NULL, error);
        }
    }
    return error_set(error, ERROR_CONFIGURATION,
                     MANIFEST ": cargo made no component %s.wasm: a function is a library with "
                              "crate-type = [\"cdylib\"]",
                     names->library);
}

int cargo_build(struct builder *builder, const char *folder, struct buffer *content,
                struct buffer *sources, struct error *error)
{
    const char *said = getenv("CARGO_TARGET_DIR");
    char target_folder[PATH_MAX];
    struct names names;
    int code = read_names(folder, &names, error);
    if (code == 0)
        code = join(target_folder, folder, said && said[0] ? said : "target", error);
    if (code == 0)
        code = run_cargo(builder, folder, target_folder, error);
    return code == 0 ? read_component(target_folder, &names, content, sources, error) : code;
}
