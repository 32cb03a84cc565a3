// SPDX-License-Identifier: Apache-2.0

//! Which format a client gets that has not asked for one.

use crate::options::Format;
use crate::problem::Problem;
use wstd::http::StatusCode;

/// What is decided before the picture is seen.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
pub enum Choice {
    Format(Format),
    /// PNG for a picture that can be seen through, else JPEG.
    JpegOrPng,
}

/// By a request's `Accept`. WebP is for clients that name it: `*/*` is also said by those that have never heard of it.
pub fn choose(accept: Option<&str>) -> Result<Choice, Problem> {
    let accept = accept.unwrap_or("*/*");
    let webp = names(accept, "image/webp") && weight(accept, "image/webp") > 0.0;
    let [jpeg, png] = [Format::Jpeg, Format::Png].map(|one| weight(accept, one.media_type()));
    if webp && weight(accept, "image/webp") >= jpeg.max(png) {
        Ok(Choice::Format(Format::Webp))
    } else if jpeg > 0.0 && jpeg == png {
        Ok(Choice::JpegOrPng)
    } else if jpeg.max(png) > 0.0 {
        let format = if png > jpeg {
            Format::Png
        } else {
            Format::Jpeg
        };
        Ok(Choice::Format(format))
    } else {
        Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "Accept allows none of image/webp, image/jpeg and image/png; or say format",
        ))
    }
}

/// The ranges of an `Accept` with their weights.
fn ranges(accept: &str) -> impl Iterator<Item = (&str, f32)> {
    accept.split(',').map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")))
            .map_or(1.0, |text| text.parse().unwrap_or(0.0));
        (name, weight)
    })
}

fn names(accept: &str, media_type: &str) -> bool {
    ranges(accept).any(|(name, _)| name.eq_ignore_ascii_case(media_type))
}

/// The weight of the range that says most about a type; 0: it isn't accepted.
fn weight(accept: &str, media_type: &str) -> f32 {
    [media_type, "image/*", "*/*"]
        .iter()
        .find_map(|wanted| {
            ranges(accept)
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, weight)| weight)
        })
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_get_what_they_can_show() {
        let webp = Choice::Format(Format::Webp);
        let (jpeg, png) = (Choice::Format(Format::Jpeg), Choice::Format(Format::Png));
        for (accept, wanted) in [
            (
                "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
                webp,
            ),
            ("text/html,image/webp;q=0.9,*/*;q=0.8", webp),
            ("IMAGE/WEBP", webp),
            ("image/webp;q=0.5,image/jpeg", jpeg),
            ("image/webp;q=0,*/*", Choice::JpegOrPng),
            ("*/*", Choice::JpegOrPng),
            ("image/*;q=0.1", Choice::JpegOrPng),
            ("image/png", png),
            ("image/png, image/jpeg;q=0.9", png),
            ("image/jpeg", jpeg),
        ] {
            assert_eq!(choose(Some(accept)), Ok(wanted), "{accept}");
        }
        assert_eq!(choose(None), Ok(Choice::JpegOrPng));
        for accept in ["text/html", "", "image/avif", "*/*;q=0"] {
            assert_eq!(
                choose(Some(accept)).unwrap_err().status.as_u16(),
                406,
                "{accept}"
            );
        }
    }
}
