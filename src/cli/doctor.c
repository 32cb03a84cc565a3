/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/process.h"
#include "builder/clang.h"
#include "builder/javascript.h"
#include "builder/python.h"
#include "cli/building.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "tables/languages.h"
#include "tables/tools.h"

#define OUTPUT_BYTES_MAX 65536
#define TOOLS_MAX 32
#define SCRIPT_BYTES 1024
#define VERSION_BYTES 64
#define NAME_COLUMNS 16

/* What is known of one tool. */
struct finding {
    const struct tool_info *tool; /* NULL: the SDK */
    enum language language;
    const char *name;
    bool ready;
    char version[PATH_MAX]; /* or where it is; empty: not known */
    const char *advice;
};

/* One run of the command. */
struct examination {
    const struct program *program;
    struct process process;
    bool asked[LANGUAGE_COUNT];
    struct finding findings[TOOLS_MAX];
    size_t count;
    char sdk_advice[LANGUAGE_COUNT][ERROR_MESSAGE_BYTES];
};

/* ---- Versions -------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct slice doctor_find_version(struct slice text)
{
    size_t begin = 0;
    while (begin < text.bytes && !is_digit(text.data[begin]))
        begin++;
    size_t end = begin;
    while (end < text.bytes && (is_digit(text.data[end]) || text.data[end] == '.'))
        end++;
    while (end > begin && text.data[end - 1] == '.')
        end--;
    return (struct slice){.data = text.data + begin, .bytes = end - begin};
}

/* Takes the first number off a version; 0 where there is none. */
static unsigned long take_number(struct slice *version)
{
    unsigned long number = 0;
    while (version->bytes > 0 && is_digit(*version->data)) {
        number = 10 * number + (unsigned long)(*version->data - '0');
        version->data++;
        version->bytes--;
    }
    if (version->bytes > 0) {
        version->data++;
        version->bytes--;
    }
    return number;
}

bool doctor_version_suffices(struct slice version, struct slice minimum)
{
    while (minimum.bytes > 0) {
        unsigned long has = take_number(&version);
        unsigned long needs = take_number(&minimum);
        if (has != needs)
            return has > needs;
    }
    return true;
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* Runs a tool's script, with what it writes in `output`. */
static bool run_script(struct examination *examination, const char *script, struct buffer *output)
{
    char shell[] = "sh", flag[] = "-c", text[SCRIPT_BYTES];
    char *words[] = {shell, flag, text, NULL};
    int file = memfd_create("output", MFD_CLOEXEC);
    int status = -1;
    if (file < 0)
        return false;
    (void)snprintf(text, sizeof(text), "exec >&3 2>/dev/null </dev/null; %s", script);
    const struct process_options options = {
        .program = shell, .words = words, .descriptors = &file, .descriptor_count = 1};
    bool ended = process_run(&examination->process, &options, &status, NULL) == 0 && status == 0;
    if (ended && lseek(file, 0, SEEK_SET) == 0)
        (void)file_read_descriptor(file, "output", output, NULL, NULL);
    close(file);
    return ended;
}

static void look_for_tool(struct examination *examination, const struct tool_info *tool)
{
    struct finding *finding = &examination->findings[examination->count++];
    struct buffer output;
    *finding = (struct finding){
        .tool = tool, .language = tool->language, .name = tool->name, .advice = tool->advice};
    buffer_init(&output, OUTPUT_BYTES_MAX);
    if (run_script(examination, tool->script, &output)) {
        struct slice version = doctor_find_version(buffer_slice(&output));
        finding->ready = doctor_version_suffices(version, slice_of(tool->minimum));
        (void)snprintf(finding->version, VERSION_BYTES, "%.*s", (int)version.bytes, version.data);
    }
    buffer_fini(&output);
}

/* What fn0 itself brings for a language. */
static const struct {
    int (*find)(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                struct error *error);
    const char *variable; /* that names it */
} sdks[LANGUAGE_COUNT] = {
    [LANGUAGE_JAVASCRIPT] = {javascript_find_sdk, "FN0_SDK"},
    [LANGUAGE_TYPESCRIPT] = {javascript_find_sdk, "FN0_SDK"},
    [LANGUAGE_C] = {clang_find_sdk, "FN0_SDK_C"},
    [LANGUAGE_PYTHON] = {python_find_sdk, "FN0_SDK_PYTHON"},
};

static void look_for_sdk(struct examination *examination, enum language language)
{
    struct finding *finding = &examination->findings[examination->count++];
    char folder[PATH_MAX];
    struct error error = {.message = ""};
    *finding = (struct finding){
        .language = language, .name = "SDK", .advice = examination->sdk_advice[language]};
    int code = building_find_program_folder(folder, &error);
    if (code == 0)
        code =
            sdks[language].find(getenv(sdks[language].variable), folder, finding->version, &error);
    finding->ready = code == 0;
    if (code) {
        finding->version[0] = '\0';
        memcpy(examination->sdk_advice[language], error.message, sizeof(error.message));
    }
}

static void look(struct examination *examination)
{
    for (int i = LANGUAGE_AUTO + 1; i < LANGUAGE_COUNT; i++) {
        if (!examination->asked[i])
            continue;
        const struct tool_info *tool;
        for (size_t j = 0; (tool = tool_info_at(j)) != NULL; j++) {
            if (tool->language == (enum language)i)
                look_for_tool(examination, tool);
        }
        if (sdks[i].find)
            look_for_sdk(examination, (enum language)i);
    }
}

/* Whether all that a language needs is there; false where nothing builds it. */
static bool is_ready(const struct examination *examination, enum language language)
{
    bool any = false;
    for (size_t i = 0; i < examination->count; i++) {
        if (examination->findings[i].language != language)
            continue;
        if (!examination->findings[i].ready)
            return false;
        any = true;
    }
    return any;
}

/* ---- What is printed ------------------------------------------------------------------------- */

static const char *paint(const struct examination *examination, bool good)
{
    bool colours = examination->program->colour && isatty(examination->program->output);
    return !colours ? "" : good ? "\033[32m" : "\033[31m";
}

static int print_finding(struct buffer *text, const struct examination *examination,
                         const struct finding *finding)
{
    const char *end = *paint(examination, true) ? "\033[0m" : "";
    int code = buffer_print(text, "  %-*s%s%s%s", NAME_COLUMNS, finding->name,
                            paint(examination, finding->ready),
                            finding->version[0] ? finding->version
                            : finding->ready    ? "there"
                                                : "missing",
                            end);
    if (code == 0 && !finding->ready)
        code =
            buffer_print(text, "%s: %s", finding->version[0] && finding->tool ? " is too old" : "",
                         finding->advice);
    return code == 0 ? buffer_print(text, "\n") : code;
}

static int print_language(struct buffer *text, const struct examination *examination,
                          enum language language)
{
    bool ready = is_ready(examination, language);
    const char *end = *paint(examination, true) ? "\033[0m" : "";
    int code = buffer_print(text, "%-*s%s%s%s\n", NAME_COLUMNS + 2, language_info(language)->title,
                            paint(examination, ready), ready ? "ready" : "not ready", end);
    for (size_t i = 0; i < examination->count && code == 0; i++) {
        if (examination->findings[i].language == language)
            code = print_finding(text, examination, &examination->findings[i]);
    }
    return code;
}

static int print_finding_json(struct buffer *text, const struct finding *finding)
{
    int code = buffer_print(text, "{\"name\":\"%s\",\"ready\":%s,\"%s\":", finding->name,
                            finding->ready ? "true" : "false", finding->tool ? "version" : "path");
    if (code == 0 && finding->version[0])
        code = json_append_text(text, slice_of(finding->version));
    else if (code == 0)
        code = buffer_print(text, "null");
    if (code == 0 && !finding->ready) {
        code = buffer_print(text, ",\"advice\":");
        if (code == 0)
            code = json_append_text(text, slice_of(finding->advice));
    }
    return code == 0 ? buffer_print(text, "}") : code;
}

static int print_language_json(struct buffer *text, const struct examination *examination,
                               enum language language)
{
    const char *before = "";
    int code = buffer_print(text, "{\"language\":\"%s\",\"ready\":%s,\"tools\":[",
                            language_info(language)->word,
                            is_ready(examination, language) ? "true" : "false");
    for (size_t i = 0; i < examination->count && code == 0; i++) {
        if (examination->findings[i].language != language)
            continue;
        code = buffer_print(text, "%s", before);
        if (code == 0)
            code = print_finding_json(text, &examination->findings[i]);
        before = ",";
    }
    return code == 0 ? buffer_print(text, "]}") : code;
}

static int print_all(struct buffer *text, const struct examination *examination, bool json)
{
    const char *before = "";
    int code = json ? buffer_print(text, "{\"languages\":[") : 0;
    for (int i = LANGUAGE_AUTO + 1; i < LANGUAGE_COUNT && code == 0; i++) {
        if (!examination->asked[i])
            continue;
        if (json && (code = buffer_print(text, "%s", before)) == 0)
            code = print_language_json(text, examination, (enum language)i);
        else if (code == 0)
            code = print_language(text, examination, (enum language)i);
        before = ",";
    }
    return json && code == 0 ? buffer_print(text, "]}\n") : code;
}

/* ---- The command ----------------------------------------------------------------------------- */

static int refuse_language(const char *word, struct error *error)
{
    struct nearest nearest;
    nearest_init(&nearest, word);
    for (int i = LANGUAGE_AUTO + 1; i < LANGUAGE_COUNT; i++)
        nearest_offer(&nearest, language_info((enum language)i)->word);
    return error_set(error, ERROR_USAGE, "unknown language '%s'%s%s%s", word,
                     nearest.best ? ": did you mean '" : "", nearest.best ? nearest.best : "",
                     nearest.best ? "'?" : "");
}

/* Without words: all that something builds. */
static int read_languages(struct examination *examination, const struct command_line *line,
                          struct error *error)
{
    const struct tool_info *tool;
    for (size_t i = 0; line->word_count == 0 && (tool = tool_info_at(i)) != NULL; i++)
        examination->asked[tool->language] = true;
    for (size_t i = 0; i < line->word_count; i++) {
        int language = LANGUAGE_AUTO + 1;
        while (language < LANGUAGE_COUNT &&
               strcmp(language_info((enum language)language)->word, line->words[i]) != 0)
            language++;
        if (language == LANGUAGE_COUNT)
            return refuse_language(line->words[i], error);
        examination->asked[language] = true;
    }
    return 0;
}

static int examine(struct examination *examination, const struct command_line *line,
                   struct error *error)
{
    struct buffer text;
    int code = process_init(&examination->process, error);
    if (code)
        return code;
    look(examination);
    process_fini(&examination->process);
    buffer_init(&text, OUTPUT_BYTES_MAX);
    code = print_all(&text, examination, line->options[OPTION_DOCTOR_JSON] != NULL);
    if (code == 0)
        code = file_write_descriptor(examination->program->output, "stdout", buffer_slice(&text),
                                     NULL, error);
    else
        error_set_memory(error);
    buffer_fini(&text);
    return code;
}

static enum exit_status run(const struct program *program, const struct command_line *line)
{
    struct error error;
    struct examination *examination = calloc(1, sizeof(*examination));
    enum exit_status status = EXIT_STATUS_OK;
    int code = examination ? 0 : error_set_memory(&error);
    if (code == 0) {
        examination->program = program;
        code = read_languages(examination, line, &error);
    }
    if (code == 0)
        code = examine(examination, line, &error);
    if (code)
        status = program_fail(program, "doctor", &error);
    for (int i = LANGUAGE_AUTO + 1; i < LANGUAGE_COUNT && code == 0 && line->word_count > 0; i++) {
        if (examination->asked[i] && !is_ready(examination, (enum language)i))
            status = EXIT_STATUS_FAILED;
    }
    free(examination);
    return status;
}

enum exit_status doctor_run(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_DOCTOR, count, words, &error) < 0)
        return program_fail(program, "doctor", &error);
    enum exit_status status =
        line.options[OPTION_DOCTOR_HELP] ? help_show(program, COMMAND_DOCTOR) : run(program, &line);
    command_line_fini(&line);
    return status;
}
