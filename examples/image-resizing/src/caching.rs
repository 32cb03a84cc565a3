// SPDX-License-Identifier: Apache-2.0

//! What caches are told, and how a client's conditions reach the source.
//!
//! A result is what it was as long as its source is, and what was asked for. So its entity tag is made of both:
//! `"VARIANT-eTAG"`, with the source's own tag, or `"VARIANT-hHASH"` of the bytes of a source that has none. A client that
//! comes back with the former has the source asked whether TAG still holds, and nothing is sent or computed when it does.

use crate::negotiation::Choice;
use crate::options::Options;
use std::hash::{DefaultHasher, Hash, Hasher};
use wstd::http::{HeaderMap, HeaderName, HeaderValue};

/// What changes when the same request gives other bytes.
const GENERATION: u32 = 1;

pub struct Variant(String);

impl Variant {
    pub fn new(options: &Options, choice: Choice) -> Self {
        Self(hash(&(GENERATION, options, choice)))
    }

    /// What to ask the source: of its own tags those that the client has results of, else the client's date.
    pub fn conditions(&self, client: &HeaderMap) -> HeaderMap {
        let mut conditions = HeaderMap::new();
        let Some(tags) = text(client, "if-none-match") else {
            copy(client, &mut conditions, "if-modified-since");
            return conditions;
        };
        let prefix = format!("{}-e", self.0);
        let known: Vec<String> = entity_tags(tags)
            .filter_map(|(weak, tag)| Some(write(weak, tag.strip_prefix(&prefix)?)))
            .collect();
        if let Ok(value) = HeaderValue::from_str(&known.join(", "))
            && !known.is_empty()
        {
            conditions.insert("if-none-match", value);
        }
        conditions
    }

    /// The tag of a result, of the source's header, or of its bytes (`None`: they were not sent).
    pub fn entity_tag(&self, source: &HeaderMap, bytes: Option<&[u8]>) -> Option<String> {
        let known = text(source, "etag").and_then(|value| entity_tags(value).next());
        match (known, bytes) {
            (Some((weak, tag)), _) => Some(write(weak, &format!("{}-e{tag}", self.0))),
            (None, Some(bytes)) => Some(write(false, &format!("{}-h{}", self.0, hash(&bytes)))),
            (None, None) => None,
        }
    }
}

/// Whether the client has the result with this tag already.
pub fn is_known(client: &HeaderMap, entity_tag: &str) -> bool {
    let ours = entity_tags(entity_tag).next();
    text(client, "if-none-match").is_some_and(|tags| {
        entity_tags(tags).any(|(_, tag)| ours.is_some_and(|(_, our_tag)| our_tag == tag))
    })
}

/// What the source says to caches holds for the result; where it says nothing, `otherwise` does.
pub fn write_headers(source: &HeaderMap, otherwise: &str, result: &mut HeaderMap) {
    for name in ["cache-control", "expires", "last-modified"] {
        copy(source, result, name);
    }
    if let Ok(value) = HeaderValue::from_str(otherwise)
        && !result.contains_key("cache-control")
        && !result.contains_key("expires")
    {
        result.insert("cache-control", value);
    }
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, name: &'static str) {
    if let Some(value) = from.get(name) {
        to.insert(HeaderName::from_static(name), value.clone());
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The tags of a list, without their quotes: whether each is weak, and what it says.
fn entity_tags(mut list: &str) -> impl Iterator<Item = (bool, &str)> {
    std::iter::from_fn(move || {
        let (before, rest) = list.split_once('"')?;
        let (tag, rest) = rest.split_once('"')?;
        list = rest;
        Some((before.ends_with("W/"), tag))
    })
}

fn write(weak: bool, tag: &str) -> String {
    format!("{}\"{tag}\"", if weak { "W/" } else { "" })
}

fn hash(value: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{self, Format};

    fn variant(query: &str) -> Variant {
        let (_, options) = options::read(query).unwrap();
        Variant::new(&options, Choice::Format(Format::Webp))
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn a_tag_finds_its_way_back_to_the_source() {
        for tag in ["\"abc\"", "W/\"a, b-e\""] {
            let ours = variant("w=7")
                .entity_tag(&headers(&[("etag", tag)]), None)
                .unwrap();
            assert_eq!(ours.starts_with("W/"), tag.starts_with("W/"));
            let client = headers(&[("if-none-match", &format!("\"other\", {ours}"))]);
            let conditions = variant("w=7").conditions(&client);
            assert_eq!(conditions["if-none-match"], tag);
            assert!(is_known(&client, &ours));
            // What was asked for is another thing.
            assert!(variant("w=8").conditions(&client).is_empty());
        }
    }

    #[test]
    fn a_source_without_a_tag_is_known_by_its_bytes() {
        let none = HeaderMap::new();
        let ours = variant("w=7").entity_tag(&none, Some(b"bytes")).unwrap();
        let client = headers(&[("if-none-match", &ours)]);
        assert!(variant("w=7").conditions(&client).is_empty());
        assert!(is_known(&client, &ours));
        assert!(!is_known(
            &client,
            &variant("w=7").entity_tag(&none, Some(b"others")).unwrap()
        ));
        assert!(!is_known(
            &client,
            &variant("w=8").entity_tag(&none, Some(b"bytes")).unwrap()
        ));
        assert_eq!(variant("w=7").entity_tag(&none, None), None);
    }

    #[test]
    fn a_date_goes_on_where_there_is_no_tag() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let client = headers(&[("if-modified-since", date)]);
        assert_eq!(variant("").conditions(&client)["if-modified-since"], date);
        let client = headers(&[("if-modified-since", date), ("if-none-match", "\"x\"")]);
        assert!(variant("").conditions(&client).is_empty());
    }

    #[test]
    fn the_source_decides_how_long() {
        let mut result = HeaderMap::new();
        write_headers(
            &headers(&[("cache-control", "private")]),
            "public",
            &mut result,
        );
        assert_eq!(result["cache-control"], "private");
        let mut result = HeaderMap::new();
        write_headers(&headers(&[("expires", "0")]), "public", &mut result);
        assert!(!result.contains_key("cache-control"));
        let mut result = HeaderMap::new();
        write_headers(&headers(&[]), "public", &mut result);
        assert_eq!(result["cache-control"], "public");
    }
}
