// SPDX-License-Identifier: AGPL-3.0-only

//! The fields of a message (RFC 9110, 5): kept as C hands them over, one text and where in it each
//! of them lies.

use crate::abi::fn0_field;
use std::cell::Cell;
use std::rc::Rc;

/// How much host memory the fields and unsent bodies that one guest holds at a time may take.
const HELD_BYTES_MAX: usize = 8 << 20;

/// What one field counts beside its text: about what it costs while a guest is given a list of them.
const ITEM_BYTES: usize = 64;

/// What a guest keeps in the host's memory.
#[derive(Default)]
pub struct Budget {
    held_bytes: Cell<usize>,
}

impl Budget {
    pub fn take(&self, bytes: usize) -> Result<(), OverBudget> {
        let held = self.held_bytes.get() + bytes;
        if held > HELD_BYTES_MAX {
            return Err(OverBudget);
        }
        self.held_bytes.set(held);
        Ok(())
    }

    pub fn give(&self, bytes: usize) {
        self.held_bytes.set(self.held_bytes.get() - bytes);
    }
}

#[derive(Debug)]
pub struct OverBudget;

impl std::fmt::Display for OverBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the guest holds more than {} MiB of fields and unsent bodies",
            HELD_BYTES_MAX >> 20
        )
    }
}

impl std::error::Error for OverBudget {}

#[derive(Clone, Copy)]
struct Item {
    name_at: u32,
    name_bytes: u32,
    value_bytes: u32,
}

impl Item {
    /// The value follows its name.
    fn value_at(self) -> usize {
        (self.name_at + self.name_bytes) as usize
    }

    fn bytes(self) -> usize {
        (self.name_bytes + self.value_bytes) as usize
    }
}

/// Names are in lower case.
pub struct FieldList {
    text: Vec<u8>,
    items: Vec<Item>,
    budget: Rc<Budget>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum FieldProblem {
    Syntax,
    Forbidden,
    OverBudget,
}

impl FieldList {
    pub fn new(budget: Rc<Budget>) -> FieldList {
        FieldList {
            text: Vec::new(),
            items: Vec::new(),
            budget,
        }
    }

    /// Copies what C hands over, without what a guest must not see and what no guest could take.
    ///
    /// # Safety
    /// The header's rules for slices.
    pub unsafe fn copy(&mut self, fields: &[fn0_field]) -> Result<(), OverBudget> {
        for field in fields {
            // SAFETY: see above.
            let (name, value) = unsafe { (field.name.bytes(), field.value.bytes()) };
            match self.append(name, value) {
                Ok(()) | Err(FieldProblem::Syntax | FieldProblem::Forbidden) => {}
                Err(FieldProblem::OverBudget) => return Err(OverBudget),
            }
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        self.budget.give(self.charge());
        self.text.clear();
        self.items.clear();
    }

    pub fn append(&mut self, name: &[u8], value: &[u8]) -> Result<(), FieldProblem> {
        check_name(name)?;
        check_value(name, value)?;
        if is(name, "content-length") && self.has(name) {
            return Err(FieldProblem::Syntax);
        }
        self.push(name, value)
    }

    pub fn set<'a>(
        &mut self,
        name: &[u8],
        values: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<(), FieldProblem> {
        check_name(name)?;
        let mut count = 0;
        for value in values.clone() {
            check_value(name, value)?;
            count += 1;
        }
        if count > 1 && is(name, "content-length") {
            return Err(FieldProblem::Syntax);
        }
        self.remove(name);
        for value in values {
            self.push(name, value)?;
        }
        Ok(())
    }

    pub fn delete(&mut self, name: &[u8]) -> Result<(), FieldProblem> {
        check_name(name)?;
        self.remove(name);
        Ok(())
    }

    pub fn has(&self, name: &[u8]) -> bool {
        self.values(name).next().is_some()
    }

    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.items.iter().map(|item| {
            let value_at = item.value_at();
            (
                &self.text[item.name_at as usize..value_at],
                &self.text[value_at..value_at + item.value_bytes as usize],
            )
        })
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// None where it is missing. What is there is digits: `append` and `set` take nothing else.
    pub fn content_length(&self) -> Option<u64> {
        let value = self.values(b"content-length").next()?;
        std::str::from_utf8(value).ok()?.parse().ok()
    }

    fn push(&mut self, name: &[u8], value: &[u8]) -> Result<(), FieldProblem> {
        let bytes = name.len() + value.len();
        self.budget
            .take(bytes + ITEM_BYTES)
            .map_err(|OverBudget| FieldProblem::OverBudget)?;
        let name_at = self.text.len();
        self.text.extend_from_slice(name);
        self.text[name_at..].make_ascii_lowercase();
        self.text.extend_from_slice(value);
        // All of them fit in 32 bits: the budget is far below.
        self.items.push(Item {
            name_at: name_at as u32,
            name_bytes: name.len() as u32,
            value_bytes: value.len() as u32,
        });
        Ok(())
    }

    fn remove(&mut self, name: &[u8]) {
        if !self.has(name) {
            return;
        }
        let before = self.charge();
        let old = std::mem::take(&mut self.text);
        let items = std::mem::take(&mut self.items);
        for mut item in items {
            let value_at = item.value_at();
            let old_name = &old[item.name_at as usize..value_at];
            if !old_name.eq_ignore_ascii_case(name) {
                let at = self.text.len() as u32;
                let start = item.name_at as usize;
                self.text
                    .extend_from_slice(&old[start..start + item.bytes()]);
                item.name_at = at;
                self.items.push(item);
            }
        }
        self.budget.give(before - self.charge());
    }

    fn charge(&self) -> usize {
        self.text.len() + self.items.len() * ITEM_BYTES
    }

    /// A copy that can be changed.
    pub fn duplicate(&self) -> Result<FieldList, OverBudget> {
        self.budget.take(self.charge())?;
        Ok(FieldList {
            text: self.text.clone(),
            items: self.items.clone(),
            budget: self.budget.clone(),
        })
    }
}

impl Drop for FieldList {
    fn drop(&mut self) {
        self.budget.give(self.charge());
    }
}

fn is(name: &[u8], lower_case: &str) -> bool {
    name.eq_ignore_ascii_case(lower_case.as_bytes())
}

/// RFC 9110, 5.6.2: the characters of a token.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
};

pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| TOKEN[usize::from(byte)])
}

/// Those of the connection, not of the message (RFC 9110, 7.6.1), and `host`, which is the
/// authority.
fn is_forbidden(name: &[u8]) -> bool {
    match name.len() {
        4 => is(name, "host"),
        7 => is(name, "upgrade"),
        10 => is(name, "connection") || is(name, "keep-alive"),
        14 => is(name, "http2-settings"),
        16 => is(name, "proxy-connection"),
        17 => is(name, "transfer-encoding"),
        18 => is(name, "proxy-authenticate"),
        19 => is(name, "proxy-authorization"),
        _ => false,
    }
}

pub fn is_name(name: &[u8]) -> bool {
    is_token(name) && name.len() <= usize::from(u16::MAX)
}

fn check_name(name: &[u8]) -> Result<(), FieldProblem> {
    if !is_name(name) {
        return Err(FieldProblem::Syntax);
    }
    if is_forbidden(name) {
        return Err(FieldProblem::Forbidden);
    }
    Ok(())
}

/// RFC 9110, 5.5; and 8.6: a length is digits, and only one of them.
fn check_value(name: &[u8], value: &[u8]) -> Result<(), FieldProblem> {
    let valid = |byte: u8| (byte >= b' ' && byte != 127) || byte == b'\t';
    // To the end in any case: so it takes many bytes at a time.
    if !value.iter().fold(true, |all, &byte| all & valid(byte)) {
        return Err(FieldProblem::Syntax);
    }
    if is(name, "content-length") {
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let fits = std::str::from_utf8(value).is_ok_and(|text| text.parse::<u64>().is_ok());
        if !digits || !fits {
            return Err(FieldProblem::Syntax);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> FieldList {
        FieldList::new(Rc::new(Budget::default()))
    }

    fn names(list: &FieldList) -> Vec<&[u8]> {
        list.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn names_are_lower_case_and_found_in_any() {
        let mut list = list();
        list.append(b"X-One", b"1").unwrap();
        list.append(b"x-two", b"2").unwrap();
        list.append(b"X-ONE", b"3").unwrap();
        assert_eq!(names(&list), [&b"x-one"[..], b"x-two", b"x-one"]);
        let values: Vec<_> = list.values(b"X-oNe").collect();
        assert_eq!(values, [b"1", b"3"]);
        list.delete(b"x-ONE").unwrap();
        assert_eq!(names(&list), [b"x-two"]);
        assert_eq!(list.values(b"x-two").next(), Some(&b"2"[..]));
    }

    #[test]
    fn set_replaces_all() {
        let mut list = list();
        list.append(b"a", b"1").unwrap();
        list.append(b"a", b"2").unwrap();
        list.set(b"A", [&b"3"[..]].into_iter()).unwrap();
        assert_eq!(list.values(b"a").collect::<Vec<_>>(), [b"3"]);
        list.set(b"a", [].into_iter()).unwrap();
        assert!(!list.has(b"a"));
    }

    #[test]
    fn what_is_no_field_is_refused() {
        let mut list = list();
        for name in [&b""[..], b"a b", b"a:", b"\xc3\xa4", b"a\n"] {
            assert_eq!(list.append(name, b"1"), Err(FieldProblem::Syntax));
        }
        for value in [&b"a\r\nb"[..], b"\0", b"\x7f"] {
            assert_eq!(list.append(b"a", value), Err(FieldProblem::Syntax));
        }
        list.append(b"a", b"\t \xff").unwrap();
        for name in ["Host", "Connection", "Proxy-Connection", "HTTP2-Settings"] {
            let answer = list.append(name.as_bytes(), b"1");
            assert_eq!(answer, Err(FieldProblem::Forbidden));
        }
        assert_eq!(list.len(), 1);
    }

    #[test]
    fn a_length_is_digits_and_alone() {
        let mut list = list();
        for value in [&b""[..], b"+5", b"5 ", b"5,5", b"18446744073709551616"] {
            let answer = list.append(b"Content-Length", value);
            assert_eq!(answer, Err(FieldProblem::Syntax));
        }
        list.append(b"Content-Length", b"18446744073709551615")
            .unwrap();
        assert_eq!(list.content_length(), Some(u64::MAX));
        assert!(list.append(b"content-length", b"5").is_err());
        assert!(
            list.set(b"content-length", [&b"5"[..], b"5"].into_iter())
                .is_err()
        );
        assert_eq!(list.content_length(), Some(u64::MAX));
    }

    #[test]
    fn the_budget_is_given_back() {
        let budget = Rc::new(Budget::default());
        let mut list = FieldList::new(budget.clone());
        list.append(b"a", &[b'x'; 1000]).unwrap();
        let copy = list.duplicate().unwrap();
        assert!(budget.held_bytes.get() > 2000);
        drop(list);
        drop(copy);
        assert_eq!(budget.held_bytes.get(), 0);

        let mut list = FieldList::new(budget.clone());
        let value = vec![b'x'; 1 << 20];
        while list.append(b"a", &value).is_ok() {}
        assert!(list.len() < 9);
        list.delete(b"a").unwrap();
        assert_eq!(budget.held_bytes.get(), 0);
    }
}
