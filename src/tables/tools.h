/* SPDX-License-Identifier: AGPL-3.0-only */

/* What has to be on a machine for each language, once: `fn0 doctor` asks for it.
 *
 * X(language, name, script, minimum, advice)
 *   language  LANGUAGE_…
 *   name      of the tool, for people
 *   script    of sh: ends with 0 where it is there, and writes its version, if it has one
 *   minimum   the version that is needed, "20" or "1.85"; "" any
 *   advice    what to do where it is missing or too old */

#ifndef FN0_TABLES_TOOLS_H
#define FN0_TABLES_TOOLS_H

#include <stddef.h>

#include "tables/languages.h"

#define TOOL_NODE_ADVICE \
    "install Node.js 20 or newer: https://nodejs.org, or your system's package nodejs"

#define TOOL_TABLE(X)                                                                              \
    X(LANGUAGE_JAVASCRIPT, "node", "node --version", "20", TOOL_NODE_ADVICE)                       \
    X(LANGUAGE_TYPESCRIPT, "node", "node --version", "20", TOOL_NODE_ADVICE)                       \
    X(LANGUAGE_RUST, "cargo", "cargo --version", "1.85", "install Rust: https://rustup.rs")        \
    X(LANGUAGE_RUST, "wasm32-wasip2",                                                              \
      "library=$(rustc --print target-libdir --target wasm32-wasip2) && test -d \"$library\"", "", \
      "run 'rustup target add wasm32-wasip2'")                                                     \
    X(LANGUAGE_C, "clang",                                                                         \
      "for clang in clang-22 clang-21 clang-20 clang-19 clang; do "                                \
      "$clang --version && exit; done; exit 1",                                                    \
      "19", "install clang 19 or newer, your system's package clang-22")                           \
    X(LANGUAGE_C, "wasm-ld",                                                                       \
      "for linker in wasm-ld-22 wasm-ld-21 wasm-ld-20 wasm-ld-19 wasm-ld; do "                     \
      "$linker --version && exit; done; exit 1",                                                   \
      "19", "install lld 19 or newer, your system's package lld-22")                               \
    X(LANGUAGE_PYTHON, "componentize-py",                                                          \
      "test -x .venv/bin/componentize-py && PATH=$PWD/.venv/bin:$PATH; componentize-py --version", \
      "0.25", "run 'pip install componentize-py==0.25.1'")

/* One row. The strings are static. */
struct tool_info {
    enum language language;
    const char *name;
    const char *script;
    const char *minimum;
    const char *advice;
};

/* The row at a place from 0 on; NULL past the end. Any thread. */
const struct tool_info *tool_info_at(size_t index);

#endif
