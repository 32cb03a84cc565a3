// SPDX-License-Identifier: AGPL-3.0-only

//! Why a file cannot be a function, in words for the person who built it.

use crate::abi::*;
use crate::error::Failure;

const HOW_TO_BUILD: &str = "build it for wasm32-wasip2, or with your language's componentize tool";

/// What shows before anything is compiled.
pub fn check_header(wasm: &[u8]) -> Result<(), Failure> {
    let not = |message: String| Err(Failure::new(FN0_ERROR_NOT_A_COMPONENT, message));
    if wasm.is_empty() {
        return not("is empty: it has 0 bytes".into());
    }
    if !wasm.starts_with(b"\0asm") {
        let hint = if b"\0asm".starts_with(wasm) {
            "is truncated"
        } else if std::str::from_utf8(&wasm[..wasm.len().min(64)]).is_ok() {
            "is a text file, not WebAssembly"
        } else {
            "is not WebAssembly"
        };
        return not(format!("{hint}: {HOW_TO_BUILD}"));
    }
    // The version's second half is the layer: 0 a core module, 1 a component.
    match wasm.get(4..8) {
        None => not("is truncated: it ends within its header".into()),
        Some([_, _, 0, 0]) => not(format!("is a core module, not a component: {HOW_TO_BUILD}")),
        Some([_, _, 1, 0]) => Ok(()),
        Some(_) => not(format!(
            "is no component of a known version: {HOW_TO_BUILD}"
        )),
    }
}

/// Why wasmtime would not compile it.
pub fn compile(error: &wasmtime::Error) -> Failure {
    let text = format!("{error:#}");
    if let Some(failure) = threads(&text).or_else(|| too_large(error)) {
        return failure;
    }
    let what = match contains_any(
        &text,
        &["unexpected end", "unexpected-eof", "out of bounds (bound"],
    ) {
        true => "is truncated",
        false => "is not a valid component",
    };
    let message = format!("{what}: {}", first_line(&text));
    Failure::new(FN0_ERROR_NOT_A_COMPONENT, message)
}

/// Why it cannot be linked: an import that there is not, or one of another type.
pub fn link(error: &wasmtime::Error) -> Failure {
    let text = format!("{error:#}");
    if let Some(failure) = threads(&text).or_else(|| too_large(error)) {
        return failure;
    }
    let mut names = text.split('`').skip(1).step_by(2);
    let interface = names.next().unwrap_or("something");
    let import = match names.next() {
        Some(function) => format!("`{function}` of `{interface}`"),
        None => format!("`{interface}`"),
    };
    let cause = error.root_cause().to_string();
    let message = match contains_any(&cause, &["missing", "not found", "was not defined"]) {
        true => format!("imports {import}, which fn0 does not have"),
        false => format!("imports {import} with another type than fn0's: {cause}"),
    };
    Failure::new(FN0_ERROR_UNSUPPORTED_IMPORT, message)
}

pub fn missing_export() -> Failure {
    Failure::new(
        FN0_ERROR_MISSING_EXPORT,
        "does not export wasi:http/incoming-handler@0.2, so it cannot answer requests",
    )
}

pub fn wrong_export() -> Failure {
    Failure::new(
        FN0_ERROR_MISSING_EXPORT,
        "exports wasi:http/incoming-handler@0.2 with another type than WASI's",
    )
}

fn threads(text: &str) -> Option<Failure> {
    let signs = ["shared memor", "threads", "atomic", "is shared"];
    let message = "needs threads or shared memory, which are not supported: use async/await";
    contains_any(text, &signs).then(|| Failure::new(FN0_ERROR_THREADS, message))
}

/// The pool's own words have the numbers, but in hexadecimal, too, and with a table after the first
/// line.
fn too_large(error: &wasmtime::Error) -> Option<Failure> {
    let cause = error.root_cause().to_string();
    let signs = [
        "exceeds the configured maximum",
        "exceeds the limit of",
        "exceeds the per-instance",
        "exceeds the total",
    ];
    if !contains_any(&cause, &signs) {
        return None;
    }
    let words: Vec<_> = first_line(&cause).split(' ').map(decimal).collect();
    let message = format!("is too large for this host: {}", words.join(" "));
    Some(Failure::new(FN0_ERROR_TOO_LARGE, message))
}

fn decimal(word: &str) -> String {
    let number = word
        .strip_prefix("0x")
        .map(|digits| u64::from_str_radix(digits, 16));
    match number {
        Some(Ok(number)) => number.to_string(),
        _ => word.to_owned(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

fn contains_any(text: &str, signs: &[&str]) -> bool {
    signs.iter().any(|sign| text.contains(sign))
}
