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
    let (code, message) = if is_threads(&text) {
        (FN0_ERROR_THREADS, threads(&text))
    } else if is_pool(&text) {
        (FN0_ERROR_TOO_LARGE, format!("is too large: {text}"))
    } else if text.contains("unexpected end") || text.contains("unexpected-eof") {
        (FN0_ERROR_NOT_A_COMPONENT, format!("is truncated: {text}"))
    } else {
        let message = format!("is not a valid component: {text}");
        (FN0_ERROR_NOT_A_COMPONENT, message)
    };
    Failure::new(code, message)
}

/// Why it cannot be linked: an import that there is not, or of another type.
pub fn link(error: &wasmtime::Error) -> Failure {
    let text = format!("{error:#}");
    if is_threads(&text) {
        return Failure::new(FN0_ERROR_THREADS, threads(&text));
    }
    if is_pool(&text) {
        return Failure::new(FN0_ERROR_TOO_LARGE, format!("is too large: {text}"));
    }
    let name = text.split('`').nth(1).unwrap_or("something");
    let message = format!("imports `{name}`, which fn0 does not have: {text}");
    Failure::new(FN0_ERROR_UNSUPPORTED_IMPORT, message)
}

pub fn missing_export() -> Failure {
    Failure::new(
        FN0_ERROR_MISSING_EXPORT,
        "does not export wasi:http/incoming-handler@0.2: it cannot answer requests. Is it a program or a library?",
    )
}

fn threads(text: &str) -> String {
    format!("needs threads or shared memory, which are not supported: use async/await ({text})")
}

fn is_threads(text: &str) -> bool {
    let signs = ["shared memor", "threads", "atomic", "is shared"];
    signs.iter().any(|sign| text.contains(sign))
}

fn is_pool(text: &str) -> bool {
    let signs = [
        "exceeds the configured maximum",
        "exceeds the limit of",
        "exceeds the per-instance",
        "exceeds the total",
    ];
    signs.iter().any(|sign| text.contains(sign))
}
