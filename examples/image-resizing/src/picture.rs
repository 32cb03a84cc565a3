// SPDX-License-Identifier: Apache-2.0

//! Decoding, resizing, encoding.

use crate::jpeg;
use crate::options::{Fit, Format, Options};
use crate::problem::Problem;
use fast_image_resize::{ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use moxcms::{ColorProfile, Layout, TransformOptions};
use std::io::Cursor;
use wstd::http::StatusCode;

/// What is decoded is held in memory, so there is an end to it: 24 million pixels, or 18 with an alpha channel, of which
/// resizing makes a copy. The header of a file tells.
const DECODED_BYTES_MAX: u64 = 72_000_000;
/// The same for what is made, while what it was made of is still there.
const RESULT_PIXELS_MAX: u64 = 12_000_000;

/// How much the encoder of WebP tries, from 0 to 6: 2 and more take three times as long for a sixth less, and 0 takes a
/// quarter, for files that are no smaller than a JPEG.
const WEBP_METHOD: u8 = 1;
const WEBP_METHOD_OF_LARGE: u8 = 0;
const WEBP_LARGE_PIXELS: u32 = 1_500_000;

pub struct Picture {
    pixels: DynamicImage,
    /// Turns that a camera has left to whoever shows the picture.
    orientation: Orientation,
    /// What its colours mean (ICC).
    profile: Option<Vec<u8>>,
}

fn damaged(error: impl std::fmt::Display) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!("the picture is damaged or cut off: {error}"),
    )
}

/// Its first frame, where it moves.
pub fn decode(file: &[u8]) -> Result<Picture, Problem> {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format();
    let reader = reader.expect("memory can be read");
    let Some(format) = reader.format() else {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "this is no picture in JPEG, PNG, WebP or GIF",
        ));
    };
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let bytes = decoder.total_bytes();
    if bytes > DECODED_BYTES_MAX {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "the picture has {width} x {height} pixels, which take {} MB: up to {} MB are taken",
                bytes.div_ceil(1_000_000),
                DECODED_BYTES_MAX / 1_000_000
            ),
        ));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().unwrap_or(None);
    if format == ImageFormat::Jpeg && !jpeg::is_whole(file) {
        return Err(damaged("its end is missing"));
    }
    let pixels = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok(Picture {
        pixels: with_8_bits(pixels),
        orientation,
        profile,
    })
}

/// All the formats that are written have 8 bits a channel, or nobody would miss more.
fn with_8_bits(pixels: DynamicImage) -> DynamicImage {
    match pixels.color() {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => pixels,
        ColorType::L16 => pixels.into_luma8().into(),
        ColorType::La16 => pixels.into_luma_alpha8().into(),
        ColorType::Rgb16 | ColorType::Rgb32F => pixels.into_rgb8().into(),
        _ => pixels.into_rgba8().into(),
    }
}

/// A part of a picture, and the size that it gets.
#[derive(Debug, PartialEq)]
struct Plan {
    left: f64,
    top: f64,
    part: (f64, f64),
    size: (u32, u32),
}

fn plan(source: (u32, u32), options: &Options) -> Plan {
    let (width, height) = (f64::from(source.0), f64::from(source.1));
    let across = options.width.map(|wanted| f64::from(wanted) / width);
    let down = options.height.map(|wanted| f64::from(wanted) / height);
    let one = across.or(down).unwrap_or(1.0);
    let (across, down) = (across.unwrap_or(one), down.unwrap_or(one));
    let whole = |across: f64, down: f64| Plan {
        left: 0.0,
        top: 0.0,
        part: (width, height),
        size: (side(width * across), side(height * down)),
    };
    match options.fit {
        Fit::ScaleDown => {
            let scale = across.min(down).min(1.0);
            whole(scale, scale)
        }
        Fit::Contain => whole(across.min(down), across.min(down)),
        Fit::Fill => whole(across, down),
        Fit::Cover => {
            let scale = across.max(down);
            let part = (width * across / scale, height * down / scale);
            Plan {
                left: (width - part.0) / 2.0,
                top: (height - part.1) / 2.0,
                part,
                size: (side(width * across), side(height * down)),
            }
        }
    }
}

/// No picture is without a pixel.
fn side(length: f64) -> u32 {
    (length.round() as u32).max(1)
}

/// Whether what stands upright lies on its side in the file.
fn is_turned(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

impl Picture {
    /// Resizes it as asked for, turns it upright, and makes its colours sRGB.
    pub fn resize(mut self, options: &Options) -> Result<Self, Problem> {
        let mut options = options.clone();
        if is_turned(self.orientation) {
            std::mem::swap(&mut options.width, &mut options.height);
        }
        let source = (self.pixels.width(), self.pixels.height());
        let plan = plan(source, &options);
        let (width, height) = plan.size;
        if u64::from(width) * u64::from(height) > RESULT_PIXELS_MAX {
            return Err(Problem::bad_request(format!(
                "the result would have {width} x {height} pixels: up to {} million are made",
                RESULT_PIXELS_MAX / 1_000_000
            )));
        }
        if plan.size != source || options.fit == Fit::Cover {
            let mut resized = DynamicImage::new(width, height, self.pixels.color());
            let part = ResizeOptions::new().crop(plan.left, plan.top, plan.part.0, plan.part.1);
            Resizer::new()
                .resize(&self.pixels, &mut resized, &part)
                .expect("both have 8 bits, and the part is one of the picture");
            self.pixels = resized;
        }
        self.pixels.apply_orientation(self.orientation);
        if let Some(profile) = &self.profile {
            self.pixels = in_srgb(self.pixels, profile);
        }
        (self.orientation, self.profile) = (Orientation::NoTransforms, None);
        Ok(self)
    }

    pub fn size(&self) -> (u32, u32) {
        (self.pixels.width(), self.pixels.height())
    }

    /// Whether something can be seen through.
    pub fn is_translucent(&self) -> bool {
        match &self.pixels {
            DynamicImage::ImageLumaA8(pixels) => pixels.pixels().any(|pixel| pixel[1] < 255),
            DynamicImage::ImageRgba8(pixels) => pixels.pixels().any(|pixel| pixel[3] < 255),
            _ => false,
        }
    }

    /// The file. `quality` is that of JPEG and of WebP, which loses nothing at 100.
    pub fn encode(mut self, format: Format, quality: u8) -> Result<Vec<u8>, Problem> {
        let is_translucent = self.is_translucent();
        if !is_translucent {
            self.pixels = without_alpha(self.pixels);
        } else if format == Format::Jpeg {
            self.pixels = on_white(self.pixels);
        }
        let is_large = self.pixels.width() * self.pixels.height() > WEBP_LARGE_PIXELS;
        let written = match format {
            Format::Jpeg => encode_jpeg(&self.pixels, quality),
            // What can be seen through would take more memory there than all the rest.
            Format::Webp if quality < 100 && !(is_large && is_translucent) => {
                encode_webp(self.pixels, quality, is_large)
            }
            Format::Webp => encode_without_loss(&self.pixels, ImageFormat::WebP),
            Format::Png => encode_without_loss(&self.pixels, ImageFormat::Png),
        };
        written.map_err(|error| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("{} cannot hold this: {error}", format.media_type()),
            )
        })
    }
}

type Written = Result<Vec<u8>, Box<dyn std::error::Error>>;

fn encode_jpeg(pixels: &DynamicImage, quality: u8) -> Written {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    let color = match pixels.color() {
        ColorType::L8 => jpeg_encoder::ColorType::Luma,
        _ => jpeg_encoder::ColorType::Rgb,
    };
    let (width, height) = (pixels.width() as u16, pixels.height() as u16);
    encoder.encode(pixels.as_bytes(), width, height, color)?;
    Ok(file)
}

fn encode_webp(pixels: DynamicImage, quality: u8, is_large: bool) -> Written {
    let pixels = webp_rust::ImageBuffer {
        width: pixels.width() as usize,
        height: pixels.height() as usize,
        rgba: pixels.into_rgba8().into_raw(),
    };
    let options = webp_rust::LossyEncodingConfig {
        quality: f32::from(quality),
        method: if is_large {
            WEBP_METHOD_OF_LARGE
        } else {
            WEBP_METHOD
        },
        segments: 1, // 4 take twice the time for a twentieth less
        ..Default::default()
    };
    Ok(webp_rust::encode_lossy_with_config(
        &pixels, &options, None,
    )?)
}

fn encode_without_loss(pixels: &DynamicImage, format: ImageFormat) -> Written {
    let mut file = Cursor::new(Vec::new());
    pixels.write_to(&mut file, format)?;
    Ok(file.into_inner())
}

/// The colours of a profile (ICC) as those of sRGB, which is what everybody shows a picture without one in.
fn in_srgb(pixels: DynamicImage, profile: &[u8]) -> DynamicImage {
    let layout = match pixels.color() {
        ColorType::Rgb8 => Layout::Rgb,
        ColorType::Rgba8 => Layout::Rgba,
        _ => return pixels,
    };
    let transform = ColorProfile::new_from_slice(profile).and_then(|profile| {
        let srgb = ColorProfile::new_srgb();
        profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
    });
    let mut converted = DynamicImage::new(pixels.width(), pixels.height(), pixels.color());
    let bytes = match &mut converted {
        DynamicImage::ImageRgb8(pixels) => pixels.as_mut(),
        DynamicImage::ImageRgba8(pixels) => pixels.as_mut(),
        _ => unreachable!("it has one of the layouts above"),
    };
    match transform.and_then(|transform| transform.transform(pixels.as_bytes(), bytes)) {
        Ok(()) => converted,
        Err(_) => pixels, // a profile that nobody can read
    }
}

fn without_alpha(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLumaA8(_) => pixels.into_luma8().into(),
        DynamicImage::ImageRgba8(_) => pixels.into_rgb8().into(),
        _ => pixels,
    }
}

/// What a JPEG shows where nothing is.
fn on_white(pixels: DynamicImage) -> DynamicImage {
    let mut pixels = pixels.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for channel in &mut pixel.0[..3] {
            *channel = ((u32::from(*channel) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
        pixel[3] = 255;
    }
    DynamicImage::from(pixels).into_rgb8().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn options(width: Option<u32>, height: Option<u32>, fit: Fit) -> Options {
        Options {
            width,
            height,
            fit,
            format: None,
            quality: 80,
        }
    }

    fn size(source: (u32, u32), width: u32, height: u32, fit: Fit) -> (u32, u32) {
        let some = |side: u32| (side > 0).then_some(side);
        plan(source, &options(some(width), some(height), fit)).size
    }

    #[test]
    fn sizes() {
        let source = (400, 200);
        assert_eq!(size(source, 0, 0, Fit::ScaleDown), (400, 200));
        assert_eq!(size(source, 100, 0, Fit::ScaleDown), (100, 50));
        assert_eq!(size(source, 0, 100, Fit::ScaleDown), (200, 100));
        assert_eq!(size(source, 100, 100, Fit::ScaleDown), (100, 50));
        assert_eq!(size(source, 800, 0, Fit::ScaleDown), (400, 200));
        assert_eq!(size(source, 800, 0, Fit::Contain), (800, 400));
        assert_eq!(size(source, 800, 100, Fit::Contain), (200, 100));
        assert_eq!(size(source, 100, 100, Fit::Cover), (100, 100));
        assert_eq!(size(source, 100, 0, Fit::Cover), (100, 50));
        assert_eq!(size(source, 100, 100, Fit::Fill), (100, 100));
        assert_eq!(size((3000, 1), 10, 0, Fit::ScaleDown), (10, 1));
    }

    #[test]
    fn what_stands_out_is_cut_off_on_both_sides() {
        let plan = plan((400, 200), &options(Some(50), Some(50), Fit::Cover));
        assert_eq!(
            (plan.left, plan.top, plan.part),
            (100.0, 0.0, (200.0, 200.0))
        );
    }

    #[test]
    fn a_result_has_an_end_too() {
        let pixels = RgbImage::new(1, 3000).into();
        let picture = Picture {
            pixels,
            orientation: Orientation::NoTransforms,
            profile: None,
        };
        let problem = picture
            .resize(&options(Some(4096), None, Fit::Contain))
            .err()
            .unwrap();
        assert_eq!(problem.status.as_u16(), 400);
    }

    #[test]
    fn it_is_turned_upright_within_what_was_asked_for() {
        let mut pixels = RgbImage::new(40, 20);
        pixels.put_pixel(0, 19, Rgb([255, 0, 0]));
        let picture = Picture {
            pixels: pixels.into(),
            orientation: Orientation::Rotate90,
            profile: None,
        };
        let picture = picture
            .resize(&options(Some(20), None, Fit::ScaleDown))
            .unwrap();
        assert_eq!(picture.size(), (20, 40));
        // What was at the bottom on the left is at the top on the left.
        assert_eq!(
            picture.pixels.as_rgb8().unwrap().get_pixel(0, 0),
            &Rgb([255, 0, 0])
        );
    }

    #[test]
    fn colours_become_those_of_srgb() {
        let profile = ColorProfile::new_display_p3().encode().unwrap();
        for (profile, wanted) in [(&profile[..], [255, 0, 0]), (b"no profile", [234, 51, 35])] {
            let picture = Picture {
                pixels: RgbImage::from_pixel(8, 8, Rgb([234, 51, 35])).into(),
                orientation: Orientation::NoTransforms,
                profile: Some(profile.to_vec()),
            };
            let picture = picture
                .resize(&options(Some(4), None, Fit::ScaleDown))
                .unwrap();
            let pixel = picture.pixels.as_rgb8().unwrap().get_pixel(2, 2).0;
            for (one, other) in pixel.iter().zip(wanted) {
                assert!(one.abs_diff(other) < 3, "{pixel:?}, not {wanted:?}");
            }
        }
    }

    #[test]
    fn each_format_holds_the_picture() {
        let pixels = RgbaImage::from_fn(63, 47, |x, y| Rgba([2 * x as u8, 2 * y as u8, 90, 128]));
        for (format, quality) in [
            (Format::Jpeg, 80),
            (Format::Png, 80),
            (Format::Webp, 80),
            (Format::Webp, 100),
        ] {
            let picture = Picture {
                pixels: pixels.clone().into(),
                orientation: Orientation::NoTransforms,
                profile: None,
            };
            let again = decode(&picture.encode(format, quality).unwrap()).unwrap();
            assert_eq!(again.size(), (63, 47));
            assert_eq!(again.is_translucent(), format != Format::Jpeg, "{format:?}");
            let pixel = again.pixels.into_rgba8().get_pixel(32, 24).0;
            let wanted = match format {
                Format::Jpeg => [159, 151, 172, 255], // on white
                _ => [64, 48, 90, 128],
            };
            for (one, other) in pixel.iter().zip(wanted) {
                assert!(
                    one.abs_diff(other) < 8,
                    "{format:?}: {pixel:?}, not {wanted:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_damaged() {
        let pixels = RgbImage::from_fn(200, 200, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
        for format in Format::ALL {
            let picture = Picture {
                pixels: pixels.clone().into(),
                orientation: Orientation::NoTransforms,
                profile: None,
            };
            let file = picture.encode(format, 80).unwrap();
            for bytes in [file.len() - 40, file.len() / 2, 24, 12] {
                let problem = decode(&file[..bytes]).err();
                let status = problem.map(|problem| problem.status.as_u16());
                assert_eq!(
                    status,
                    Some(422),
                    "{format:?}, {bytes} of {} bytes",
                    file.len()
                );
            }
        }
    }
}
