// SPDX-License-Identifier: Apache-2.0

//! What is asked for: the parameters of the query.

use crate::problem::Problem;
use std::borrow::Cow;
use url::form_urlencoded;

/// The longest side that a result may have.
pub const SIDE_MAX: u32 = 4096;

#[derive(Clone, Copy, Debug, Hash, PartialEq)]
pub enum Format {
    Jpeg,
    Png,
    Webp,
}

impl Format {
    #[cfg(test)]
    pub const ALL: [Format; 3] = [Format::Jpeg, Format::Png, Format::Webp];

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::Webp => "image/webp",
        }
    }
}

/// How a picture gets into `w` × `h`.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq)]
pub enum Fit {
    /// As large as fits in there, and never larger than it was.
    #[default]
    ScaleDown,
    /// As large as fits in there.
    Contain,
    /// Fills it, and what stands out is cut off on both sides.
    Cover,
    /// Stretched.
    Fill,
}

#[derive(Clone, Debug, Hash, PartialEq)]
pub struct Options {
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub fit: Fit,
    /// Without one the `Accept` of the request decides.
    pub format: Option<Format>,
    pub quality: u8,
}

/// Reads a query. The first of the two is `url`.
pub fn read(query: &str) -> Result<(Option<String>, Options), Problem> {
    let mut url = None;
    let mut options = Options {
        width: None,
        height: None,
        fit: Fit::default(),
        format: None,
        quality: 80,
    };
    let mut seen: Vec<Cow<str>> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if seen.contains(&name) {
            return Err(Problem::bad_request(format!("{name} is there twice")));
        }
        match &*name {
            "url" => url = Some(value.into_owned()),
            "w" => options.width = Some(number("w", &value, SIDE_MAX)?),
            "h" => options.height = Some(number("h", &value, SIDE_MAX)?),
            "quality" => options.quality = number("quality", &value, 100)? as u8,
            "fit" => options.fit = fit(&value)?,
            "format" => options.format = format(&value)?,
            _ => {
                return Err(Problem::bad_request(format!(
                    "unknown parameter {name:?}: there are url, w, h, fit, format and quality"
                )));
            }
        }
        seen.push(name);
    }
    Ok((url, options))
}

fn number(name: &str, value: &str, max: u32) -> Result<u32, Problem> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(number) if digits && (1..=max).contains(&number) => Ok(number),
        _ => Err(Problem::bad_request(format!(
            "{name} is a number from 1 to {max}, not {value:?}"
        ))),
    }
}

fn fit(value: &str) -> Result<Fit, Problem> {
    match value {
        "scale-down" => Ok(Fit::ScaleDown),
        "contain" => Ok(Fit::Contain),
        "cover" => Ok(Fit::Cover),
        "fill" => Ok(Fit::Fill),
        _ => Err(Problem::bad_request(format!(
            "fit is scale-down, contain, cover or fill, not {value:?}"
        ))),
    }
}

fn format(value: &str) -> Result<Option<Format>, Problem> {
    match value {
        "jpeg" | "jpg" => Ok(Some(Format::Jpeg)),
        "png" => Ok(Some(Format::Png)),
        "webp" => Ok(Some(Format::Webp)),
        "auto" => Ok(None),
        _ => Err(Problem::bad_request(format!(
            "format is jpeg, png, webp or auto, not {value:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_query() {
        let (url, options) = read(
            "url=https%3A%2F%2Fa.example%2Fb+c.png&w=320&h=240&fit=cover&format=jpg&quality=5",
        )
        .unwrap();
        assert_eq!(url.unwrap(), "https://a.example/b c.png");
        assert_eq!((options.width, options.height), (Some(320), Some(240)));
        assert_eq!(options.fit, Fit::Cover);
        assert_eq!((options.format, options.quality), (Some(Format::Jpeg), 5));
    }

    #[test]
    fn nothing_has_to_be_said() {
        let (url, options) = read("").unwrap();
        assert_eq!((url, options.width, options.height), (None, None, None));
        assert_eq!(
            (options.fit, options.format, options.quality),
            (Fit::ScaleDown, None, 80)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, said) in [
            ("w=0", "w is a number from 1 to 4096, not \"0\""),
            ("w=4097", "w is a number"),
            ("w=+1", "w is a number"),
            ("h=1.5", "h is a number"),
            ("h=", "h is a number"),
            ("h=99999999999", "h is a number"),
            ("quality=101", "quality is a number from 1 to 100"),
            (
                "fit=crop",
                "fit is scale-down, contain, cover or fill, not \"crop\"",
            ),
            (
                "format=avif",
                "format is jpeg, png, webp or auto, not \"avif\"",
            ),
            ("width=7", "unknown parameter \"width\""),
            ("w=1&w=2", "w is there twice"),
        ] {
            let problem = read(query).unwrap_err();
            assert_eq!(problem.status.as_u16(), 400, "{query}");
            assert!(
                problem.detail.starts_with(said),
                "{query}: {}",
                problem.detail
            );
        }
    }
}
