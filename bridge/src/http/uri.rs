// SPDX-License-Identifier: AGPL-3.0-only

//! The parts of a URI that a guest may set (RFC 3986): only as much as keeps them apart on the
//! wire.

/// Letters, then digits, plus, minus and point, too.
pub fn is_scheme(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(rest)
}

/// A host and perhaps a port, nothing of a user.
pub fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, port)) if is_ipv6(address) => (address, port),
            _ => return false,
        },
        None => match text.find(':') {
            Some(colon) => text.split_at(colon),
            None => (text, ""),
        },
    };
    let of_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%:".contains(&byte);
    let port_is_right = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && fits_port(digits),
        None => port.is_empty(),
    };
    !host.is_empty() && host.bytes().all(of_host) && port_is_right
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<std::net::Ipv6Addr>().is_ok()
}

/// RFC 3986, 3.2.3: the port may be empty.
fn fits_port(digits: &str) -> bool {
    digits.is_empty() || digits.parse::<u16>().is_ok()
}

/// Empty, or from a slash or question mark on; no fragment, no space, no control character.
pub fn is_path_with_query(text: &str) -> bool {
    let begins = text.is_empty() || text.starts_with('/') || text.starts_with('?');
    let stands = |byte: u8| byte > b' ' && byte != 127 && byte != b'#';
    begins && text.bytes().all(stands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for right in [
            "a",
            "a.b:80",
            "127.0.0.1",
            "[::1]",
            "[::1]:8080",
            "a:",
            "x_y",
        ] {
            assert!(is_authority(right), "{right}");
        }
        for wrong in [
            "", ":80", "a:b", "a:65536", "a@b", "a b", "[::1", "::1", "[x]", "[::1]x", "a/",
            "a:+1", "ä", "a\r\nb",
        ] {
            assert!(!is_authority(wrong), "{wrong}");
        }
    }

    #[test]
    fn paths() {
        for right in ["", "/", "/a?b=c&d", "?a", "/ä", "/{}|\\^"] {
            assert!(is_path_with_query(right), "{right}");
        }
        for wrong in ["a", "/a b", "/a#b", "/a\nb", "/\u{7f}", "http://a/"] {
            assert!(!is_path_with_query(wrong), "{wrong}");
        }
    }

    #[test]
    fn schemes() {
        assert!(is_scheme("ftp") && is_scheme("a+b-1."));
        assert!(!is_scheme("") && !is_scheme("1a") && !is_scheme("a b") && !is_scheme("a:"));
    }
}
