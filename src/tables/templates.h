/* SPDX-License-Identifier: AGPL-3.0-only */

/* Every template that `fn0 init` makes a project of, once: a folder of templates/, in the order in
 * which it is offered.
 *
 * X(name, word, what, set_up)
 *   name    TEMPLATE_… in code
 *   word    its folder, and what --template may be
 *   what    one line, no full stop
 *   set_up  the command that has to be run in a new project before anything else, or NULL */

#ifndef FN0_TABLES_TEMPLATES_H
#define FN0_TABLES_TEMPLATES_H

#define TEMPLATE_TABLE(X)                                                                   \
    X(TEMPLATE_JAVASCRIPT, "javascript", "JavaScript: a handler and nothing else", NULL)    \
    X(TEMPLATE_TYPESCRIPT, "typescript", "TypeScript: the same, with types", "npm install") \
    X(TEMPLATE_HONO, "hono", "TypeScript with Hono: routes and JSON", "npm install")        \
    X(TEMPLATE_RUST, "rust", "Rust with wstd", NULL)                                        \
    X(TEMPLATE_C, "c", "C: a handler of ten lines", NULL)                                   \
    X(TEMPLATE_PYTHON, "python", "Python: a handler",                                       \
      "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt")

/* All words for people: "javascript|typescript…". */
#define TEMPLATE_WORD_ROW(name, word, ...) "|" word
#define TEMPLATE_WORDS (&(TEMPLATE_TABLE(TEMPLATE_WORD_ROW))[1])

/* Each row's number. */
enum template {
#define TEMPLATE_ROW(name, ...) name,
    TEMPLATE_TABLE(TEMPLATE_ROW)
#undef TEMPLATE_ROW
        TEMPLATE_COUNT
};

/* One row. The strings are static. */
struct template_info {
    const char *word;
    const char *what;
    const char *set_up;
};

/* The row of a template; NULL past the end. Any thread. */
const struct template_info *template_info(enum template template);

/* The template of a word, or TEMPLATE_COUNT. Any thread. */
enum template template_of_word(const char *word);

#endif
