// SPDX-License-Identifier: AGPL-3.0-only

//! What a request asks of its route.

use std::borrow::Cow;

pub struct Query(Vec<(String, String)>);

impl Query {
    /// The path of a target, and its query.
    pub fn split(target: &str) -> (String, Query) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value): (Cow<str>, Cow<str>)| (name.into_owned(), value.into_owned()))
            .collect();
        (path.to_string(), Query(pairs))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
    }

    /// A number that is left out is `default`; one that cannot be read ends the call with a panic.
    pub fn number(&self, name: &str, default: u64) -> u64 {
        self.text(name).map_or(default, |value| {
            value
                .parse()
                .unwrap_or_else(|_| panic!("{name}: no number: {value}"))
        })
    }

    pub fn milliseconds(&self, name: &str) -> Option<u64> {
        self.text(name)
            .map(|_| self.number(name, 0).saturating_mul(1_000_000))
    }
}
