/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/python.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define TOOL "componentize-py"
#define HOW_TO_INSTALL                                                                                 \
    "run 'pip install componentize-py==0.25.1', or in the project's folder 'python3 -m venv .venv && " \
    ".venv/bin/pip install componentize-py==0.25.1'"

/* What the component begins with: it hands the author's handler to the SDK. */
#define ENTRY_MODULE "fn0_entry"
#define ENTRY_TEXT "import fn0\nfrom %.*s import handle\n\nIncomingHandler = fn0.serve(handle)\n"

static int join(char ret_path[PATH_MAX], const char *folder, const char *name, struct error *error)
{
    int bytes = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);
    return bytes > 0 && bytes < PATH_MAX
               ? 0
               : error_set(error, ERROR_SYSTEM, "the path %s/%s is too long", folder, name);
}

int python_find_sdk(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                    struct error *error)
{
    static const char *const parts[] = {"fn0.py", "wit/world.wit"};
    char path[PATH_MAX];
    bool is_named = named && named[0];
    int code =
        join(ret_path, is_named ? named : program_folder, is_named ? "" : "sdk/python", error);
    for (size_t i = 0; i < 2 && code == 0; i++) {
        code = join(path, ret_path, parts[i], error);
        if (code == 0 && access(path, R_OK) != 0)
            code = error_set(
                error, ERROR_NOT_FOUND,
                "the Python SDK is not in %s: %s is missing. In a clone of fn0 'make build' makes "
                "it; elsewhere set FN0_SDK_PYTHON to the folder that it is in",
                ret_path, parts[i]);
    }
    return code;
}

static bool is_identifier(struct slice text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return text.bytes > 0;
}

/* The module that a file is: "app" of "src/app.py". */
static int find_module(const char *entry, struct slice *ret_module, struct error *error)
{
    const char *slash = strrchr(entry, '/');
    *ret_module = slice_of(slash ? slash + 1 : entry);
    if (ret_module->bytes > 3)
        ret_module->bytes -= strlen(".py");
    if (is_identifier(*ret_module) && !slice_equal(*ret_module, SLICE("fn0")))
        return 0;
    return error_set(error, ERROR_CONFIGURATION,
                     "main: %s cannot be imported: call it like src/app.py", entry);
}

/* Writes the module that the component begins with into a folder of its own. */
static int write_entry(const char *folder, struct slice module, struct error *error)
{
    char path[PATH_MAX];
    struct buffer text;
    int code = join(path, folder, ENTRY_MODULE ".py", error);
    if (code)
        return code;
    (void)mkdir(folder, 0777);
    buffer_init(&text, 4096);
    code = buffer_print(&text, ENTRY_TEXT, (int)module.bytes, module.data);
    if (code == 0)
        code = file_write(path, buffer_slice(&text), 0644, NULL, error);
    else
        code = error_set_memory(error);
    buffer_fini(&text);
    return code;
}

/* The folders that are looked through for modules, and what is written. */
struct places {
    char tool[PATH_MAX];
    char wit[PATH_MAX];
    char source[PATH_MAX];
    char entry[PATH_MAX];
    char out[PATH_MAX];
};

static int find_places(struct places *places, const char *sdk, const char *folder,
                       const char *entry, const char *work, struct error *error)
{
    const char *slash = strrchr(entry, '/');
    char beside[PATH_MAX] = ".";
    if (slash)
        (void)snprintf(beside, sizeof(beside), "%.*s", (int)(slash - entry), entry);
    int code = join(places->tool, folder, ".venv/bin/" TOOL, error);
    if (code == 0 && access(places->tool, X_OK) != 0)
        memcpy(places->tool, TOOL, sizeof(TOOL));
    if (code == 0)
        code = join(places->wit, sdk, "wit", error);
    if (code == 0 && entry[0] == '/')
        memcpy(places->source, beside, sizeof(beside));
    else if (code == 0)
        code = join(places->source, folder, beside, error);
    if (code == 0)
        code = join(places->entry, work, "python", error);
    return code == 0 ? join(places->out, places->entry, "linked.wasm", error) : code;
}

static int run_tool(struct builder *builder, struct places *places, const char *sdk,
                    const char *folder, const char *entry, struct error *error)
{
    char quiet[] = "--quiet", wit[] = "--wit-path", world[] = "--world", function[] = "function";
    char componentize[] = "componentize", path[] = "--python-path", module[] = ENTRY_MODULE;
    char out[] = "--output";
    char *words[] = {places->tool,   quiet,        wit,           places->wit, world,
                     function,       componentize, path,          (char *)sdk, path,
                     places->source, path,         places->entry, module,      out,
                     places->out,    NULL};
    const struct builder_tool tool = {.words = words, .folder = folder, .scratch = true};
    int status = 0;
    int code = builder_run(builder, &tool, &status, error);
    if (code == ERROR_NOT_FOUND)
        return error_set(error, ERROR_NOT_FOUND, TOOL " is not on PATH: " HOW_TO_INSTALL);
    if (code)
        return code;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? 0
               : error_set(error, ERROR_COMPONENT_INVALID,
                           TOOL " could not build %s: the reason is above", entry);
}

int python_build(struct builder *builder, const char *sdk, const char *folder, const char *entry,
                 const char *work, struct buffer *content, struct buffer *sources,
                 struct error *error)
{
    struct places places;
    (void)sources;
    struct slice module;
    int code = find_module(entry, &module, error);
    if (code == 0)
        code = find_places(&places, sdk, folder, entry, work, error);
    if (code == 0)
        code = write_entry(places.entry, module, error);
    if (code == 0)
        code = run_tool(builder, &places, sdk, folder, entry, error);
    if (code == 0)
        code = file_read(places.out, content, NULL, error);
    if (code == 0)
        (void)unlink(places.out);
    return code;
}
