/* SPDX-License-Identifier: AGPL-3.0-only */

/* Every language that `fn0 build` knows a tool for, once. Any other language is as good: its
 * project says `[build] command`.
 *
 * X(name, word, title, endings, marker, test)
 *   name     LANGUAGE_… in code
 *   word     what `language` in fn0.toml may be
 *   title    for people
 *   endings  of the sources that `main` may name, with | between them
 *   marker   a file that tells the language where `main` is not said; NULL: `main` has to be
 *   test     what `fn0 test` runs where [test] command is not said; NULL: it has to be */

#ifndef FN0_TABLES_LANGUAGES_H
#define FN0_TABLES_LANGUAGES_H

#include <stdbool.h>

#define LANGUAGE_TABLE(X)                                                                    \
    X(LANGUAGE_JAVASCRIPT, "javascript", "JavaScript", ".js|.jsx|.mjs", NULL, "node --test") \
    X(LANGUAGE_TYPESCRIPT, "typescript", "TypeScript", ".ts|.tsx|.mts", NULL, "node --test") \
    X(LANGUAGE_RUST, "rust", "Rust", ".rs", "Cargo.toml", "cargo test")                      \
    X(LANGUAGE_C, "c", "C", ".c", NULL, NULL)                                                \
    X(LANGUAGE_PYTHON, "python", "Python", ".py", NULL, "python3 -m unittest discover -s test")

/* All words as a row of the configuration has them: "|javascript|typescript…". */
#define LANGUAGE_WORD_ROW(name, word, ...) "|" word
#define LANGUAGE_WORDS LANGUAGE_TABLE(LANGUAGE_WORD_ROW)

/* Each row's number; 0 is none yet. */
enum language {
    LANGUAGE_AUTO,
#define LANGUAGE_ROW(name, ...) name,
    LANGUAGE_TABLE(LANGUAGE_ROW)
#undef LANGUAGE_ROW
        LANGUAGE_COUNT
};

/* One row. The strings are static. */
struct language_info {
    enum language language;
    const char *word;
    const char *title;
    const char *endings;
    const char *marker;
    const char *test;
};

/* The row of a language; NULL for LANGUAGE_AUTO and past the end. Any thread. */
const struct language_info *language_info(enum language language);

/* The language that a source's name tells, or LANGUAGE_AUTO. Any thread. */
enum language language_of_source(const char *path);

#endif
