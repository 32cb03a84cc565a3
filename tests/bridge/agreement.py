#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-only
"""Turns bridge/include/fn0_bridge.h into Rust that compiles only where the Rust side of the bridge agrees with it.

    agreement.py HEADER SOURCES OUTPUT

clang reads the header; what is written to OUTPUT is included by bridge/src/header.rs when the bridge's tests are
compiled. For each function it assigns Rust's to a pointer of the header's type; for each struct it declares the
header's with C's layout, and compares size, alignment, and the offset and type of each member; for each constant it
compares the value. Beyond that, a function that stands only in SOURCES, the Rust side, is an error here.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

CLANG = "clang-14"

PLAIN = {
    "void": "()",
    "bool": "bool",
    "_Bool": "bool",
    "char": "c_char",
    "int": "c_int",
    "double": "f64",
    "size_t": "usize",
    "uint8_t": "u8",
    "int32_t": "i32",
    "uint32_t": "u32",
    "int64_t": "i64",
    "uint64_t": "u64",
}


def rust_type(c_type):
    """The Rust for a C type as clang spells it: pointers, arrays, and what the header names."""
    c_type = c_type.strip()
    if array := re.fullmatch(r"(.*)\[(\d+)\]", c_type):
        return f"[{rust_type(array[1])}; {array[2]}]"
    if c_type.endswith("*"):
        target = c_type[:-1].strip()
        constant = target.startswith("const ")
        target = target.removeprefix("const ")
        pointed = "c_void" if target == "void" else rust_type(target)
        return f"*{'const' if constant else 'mut'} {pointed}"
    name = re.sub(r"^(const )?(struct |enum )?", "", c_type)
    return PLAIN.get(name, name)


def function_type(node):
    """`unsafe extern "C" fn(…) -> …` of a function's declaration."""
    parameters = [
        rust_type(child["type"]["qualType"]) for child in node.get("inner", []) if child["kind"] == "ParmVarDecl"
    ]
    result = rust_type(node["type"]["qualType"].split("(", 1)[0])
    return pointer_type(parameters, result)


def pointer_type(parameters, result):
    arrow = "" if result == "()" else f" -> {result}"
    return f'unsafe extern "C" fn({", ".join(parameters)}){arrow}'


def callback_type(c_type):
    """The Rust for `R (*)(A, B)`, which may be NULL."""
    result, parameters = re.fullmatch(r"(.*)\(\*\)\((.*)\)", c_type).groups()
    types = [rust_type(parameter) for parameter in parameters.split(", ")]
    return f"Option<{pointer_type(types, rust_type(result))}>"


def declarations(header):
    """What the header itself declares, as clang sees it."""
    command = [CLANG, "-std=c17", "-fsyntax-only", "-Xclang", "-ast-dump=json", str(header)]
    tree = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return [node for node in tree["inner"] if node.get("name", "").startswith("fn0_") or node["kind"] == "EnumDecl"]


def macros(header):
    command = [CLANG, "-std=c17", "-dM", "-E", str(header)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name, value in re.findall(r"^#define (FN0_\w+) (\w+)$", text, re.MULTILINE):
        yield name, {"UINT64_MAX": "u64::MAX"}.get(value, value)


def enum_constants(node):
    value = -1
    for constant in node.get("inner", []):
        expressions = constant.get("inner", [])
        value = int(expressions[0]["value"]) if expressions else value + 1
        yield constant["name"], str(value)


def struct_lines(node):
    members = [
        (child["name"], rust_type(child["type"]["qualType"])) for child in node["inner"] if child["kind"] == "FieldDecl"
    ]
    name = node["name"]
    yield f"mod of_{name} {{"
    yield "    use super::*;"
    yield "    #[repr(C)]"
    yield "    struct Header {"
    yield from (f"        {member}: {kind}," for member, kind in members)
    yield "    }"
    yield f"    const _: () = assert!(size_of::<Header>() == size_of::<{name}>());"
    yield f"    const _: () = assert!(align_of::<Header>() == align_of::<{name}>());"
    for member, kind in members:
        yield f"    const _: () = assert!(offset_of!(Header, {member}) == offset_of!({name}, {member}));"
        yield f"    const _: fn({name}) -> {kind} = |rust| rust.{member};"
    yield "    // All of them: a member that only Rust has is missing here."
    yield f"    fn _whole(rust: {name}) {{"
    yield f"        let {name} {{ {', '.join(f'{member}: _' for member, _ in members)} }} = rust;"
    yield "    }"
    yield "}"


def checks(header):
    functions = []
    yield "// Made by tests/bridge/agreement.py from the header."
    for node in declarations(header):
        if node["kind"] == "FunctionDecl":
            functions.append(node["name"])
            yield f"const _: {function_type(node)} = {node['name']};"
        elif node["kind"] == "RecordDecl" and node.get("completeDefinition"):
            yield from struct_lines(node)
        elif node["kind"] == "TypedefDecl":
            kind = callback_type(node["type"]["qualType"])
            yield f"const _: fn({node['name']}) -> {kind} = |rust| rust;"
        elif node["kind"] == "EnumDecl":
            for name, value in enum_constants(node):
                if name.startswith("FN0_"):
                    yield f"const _: () = assert!({name} as i64 == {value});"
    for name, value in macros(header):
        yield f"const _: () = assert!({name} as u64 == {value});"
    yield f"pub const FUNCTIONS: usize = {len(functions)};"


def functions_of(sources):
    """The functions that the Rust side offers to C."""
    for path in sorted(Path(sources).rglob("*.rs")):
        yield from re.findall(r'extern "C" fn (fn0_\w+)', path.read_text(encoding="utf-8"))


def main(header, sources, output):
    text = "\n".join(checks(header)) + "\n"
    only_rust = [name for name in functions_of(sources) if f" = {name};" not in text]
    if only_rust:
        sys.exit(f"not in {header}: {', '.join(only_rust)}")
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    if not Path(output).exists() or Path(output).read_text(encoding="utf-8") != text:
        Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
