// SPDX-License-Identifier: AGPL-3.0-only

//! TOML: read whole, then told in the order of the text.

use crate::abi::*;
use crate::error::{Failure, answer};
use std::ffi::{c_int, c_void};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Who is told, and what for.
struct Reader<'a> {
    document: &'a str,
    line_starts: Vec<usize>,
    visit: unsafe extern "C" fn(*mut c_void, *const fn0_toml_item) -> c_int,
    context: *mut c_void,
}

/// What `visit` ended the reading with, or a mistake in the document.
enum Stop {
    Visitor(c_int),
    Document(Failure),
}

type Told = Result<(), Stop>;

const NOTHING: fn0_toml_item = fn0_toml_item {
    kind: 0,
    key: fn0_slice::EMPTY,
    text: fn0_slice::EMPTY,
    integer: 0,
    real: 0.0,
    boolean: false,
    line: 0,
    column: 0,
};

impl Reader<'_> {
    /// Line and column of a byte, both from 1; columns are characters.
    fn place(&self, at: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= at);
        let start = self.line_starts[line - 1];
        let column = self.document[start..].char_indices();
        let column = column.take_while(|(offset, _)| start + offset < at).count();
        (line as u32, column as u32 + 1)
    }

    fn syntax(&self, at: usize, message: &str) -> Failure {
        let (line, column) = self.place(at);
        let message = format!("line {line}, column {column}: {message}");
        Failure::new(FN0_ERROR_SYNTAX, message)
    }

    fn tell(&self, item: fn0_toml_item) -> Told {
        // SAFETY: the header's rules for `visit`; the item lives until it returns.
        match unsafe { (self.visit)(self.context, &raw const item) } {
            0 => Ok(()),
            stop => Err(Stop::Visitor(stop)),
        }
    }

    fn table(&self, head: &fn0_toml_item, table: &DeTable<'_>) -> Told {
        let kind = FN0_TOML_TABLE_BEGIN;
        self.tell(fn0_toml_item { kind, ..*head })?;
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let (line, column) = self.place(key.span().start);
            let head = fn0_toml_item {
                key: fn0_slice::new(key.get_ref().as_bytes()),
                line,
                column,
                ..NOTHING
            };
            self.value(&head, value)?;
        }
        let kind = FN0_TOML_TABLE_END;
        self.tell(fn0_toml_item { kind, ..*head })
    }

    fn value(&self, head: &fn0_toml_item, value: &Spanned<DeValue<'_>>) -> Told {
        let span = value.span();
        let item = |kind| fn0_toml_item { kind, ..*head };
        match value.get_ref() {
            DeValue::String(text) => self.tell(fn0_toml_item {
                text: fn0_slice::new(text.as_bytes()),
                ..item(FN0_TOML_STRING)
            }),
            DeValue::Integer(number) => {
                let integer = i64::from_str_radix(number.as_str(), number.radix());
                let integer = integer.map_err(|_| {
                    Stop::Document(self.syntax(span.start, "the number has more than 64 bits"))
                })?;
                self.tell(fn0_toml_item {
                    integer,
                    ..item(FN0_TOML_INTEGER)
                })
            }
            DeValue::Float(number) => {
                let real = number.as_str().parse().map_err(|_| {
                    Stop::Document(self.syntax(span.start, "the number is out of range"))
                })?;
                self.tell(fn0_toml_item {
                    real,
                    ..item(FN0_TOML_FLOAT)
                })
            }
            DeValue::Boolean(boolean) => self.tell(fn0_toml_item {
                boolean: *boolean,
                ..item(FN0_TOML_BOOLEAN)
            }),
            DeValue::Datetime(_) => self.tell(fn0_toml_item {
                text: fn0_slice::new(self.document[span].as_bytes()),
                ..item(FN0_TOML_DATETIME)
            }),
            DeValue::Array(array) => {
                self.tell(item(FN0_TOML_ARRAY_BEGIN))?;
                for element in array.iter() {
                    let (line, column) = self.place(element.span().start);
                    let head = fn0_toml_item {
                        line,
                        column,
                        ..NOTHING
                    };
                    self.value(&head, element)?;
                }
                self.tell(item(FN0_TOML_ARRAY_END))
            }
            DeValue::Table(table) => self.table(head, table),
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_toml_read(
    document: fn0_slice,
    visit: fn0_toml_visit,
    context: *mut c_void,
    error: *mut fn0_error,
) -> c_int {
    let mut stopped = 0;
    // SAFETY: the header's rules for the pointers.
    let answered = unsafe {
        answer(error, || {
            let visit = visit.ok_or_else(|| Failure::invalid("no visit"))?;
            match read(document.bytes(), visit, context) {
                Ok(()) => Ok(()),
                Err(Stop::Visitor(stop)) => {
                    stopped = stop;
                    Ok(())
                }
                Err(Stop::Document(failure)) => Err(failure),
            }
        })
    };
    if answered != 0 { answered } else { stopped }
}

fn read(
    document: &[u8],
    visit: unsafe extern "C" fn(*mut c_void, *const fn0_toml_item) -> c_int,
    context: *mut c_void,
) -> Told {
    let line_starts = |text: &str| {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect()
    };
    let valid = match std::str::from_utf8(document) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&document[..error.valid_up_to()]).unwrap_or(""),
    };
    let reader = Reader {
        document: valid,
        line_starts: line_starts(valid),
        visit,
        context,
    };
    if valid.len() < document.len() {
        let failure = reader.syntax(valid.len(), "this is not UTF-8");
        return Err(Stop::Document(failure));
    }
    let table = DeTable::parse(valid).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Stop::Document(reader.syntax(at, error.message()))
    })?;
    let root = fn0_toml_item {
        line: 1,
        column: 1,
        ..NOTHING
    };
    reader.table(&root, table.get_ref())
}
