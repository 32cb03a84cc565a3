/* SPDX-License-Identifier: AGPL-3.0-only */

/* Any text as a .env file: it is read, or refused with its line; names and values are terminated,
 * and what was read and is written again in quotes is read as the same. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "project/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define BYTES_MAX (1u << 22)

/* NAME="VALUE" with all that means something escaped. */
static void write_variable(struct buffer *text, const struct dotenv_variable *variable)
{
    check(buffer_print(text, "%s=\"", variable->name) == 0);
    for (const char *c = variable->value; *c; c++) {
        const char *escape = strchr("\"\\", *c) ? "\\" : "";
        check(buffer_print(text, "%s%c", escape, *c) == 0);
    }
    check(buffer_print(text, "\"\n") == 0);
}

static void check_again(const struct dotenv_variable *variables)
{
    struct buffer text;
    struct arena arena;
    struct dotenv_variable *again;
    buffer_init(&text, BYTES_MAX);
    arena_init(&arena, BYTES_MAX);
    for (const struct dotenv_variable *variable = variables; variable; variable = variable->next)
        write_variable(&text, variable);
    check(dotenv_read("again", buffer_slice(&text), &arena, &again, NULL) == 0);
    for (; variables; variables = variables->next, again = again->next) {
        check(again && strcmp(again->name, variables->name) == 0);
        check(strcmp(again->value, variables->value) == 0);
    }
    check(!again);
    arena_fini(&arena);
    buffer_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct slice text = {.data = (const char *)data, .bytes = bytes};
    struct dotenv_variable *variables;
    struct error error = {0};
    struct arena arena;
    arena_init(&arena, BYTES_MAX);
    int code = dotenv_read("fuzz.env", text, &arena, &variables, &error);
    if (code == 0)
        check_again(variables);
    else
        check(code == ERROR_OUT_OF_MEMORY || strncmp(error.message, "fuzz.env:", 9) == 0);
    arena_fini(&arena);
    return 0;
}
