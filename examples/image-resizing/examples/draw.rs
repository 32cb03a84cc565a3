// SPDX-License-Identifier: Apache-2.0

//! Draws the sample picture, mountains at a lake in the evening:
//!
//!     cargo run --release --example draw > src/sample.jpg

use std::io::Write;

const WIDTH: u32 = 1800;
const HEIGHT: u32 = 1200;
/// Where the lake begins, from the top.
const SHORE: f32 = 0.66;
const SUN: (f32, f32) = (0.62, 0.44);

type Color = [f32; 3];

fn main() {
    let mut pixels = Vec::with_capacity((3 * WIDTH * HEIGHT) as usize);
    for row in 0..HEIGHT {
        for column in 0..WIDTH {
            let (x, y) = (column as f32 / WIDTH as f32, row as f32 / HEIGHT as f32);
            let color = if y < SHORE { land(x, y) } else { water(x, y) };
            // A little grain, so that the sky has no steps.
            let grain = (noise(column as f32 * 1.7, row as f32 * 1.3) - 0.5) * 0.02;
            pixels.extend(color.map(|channel| ((channel + grain).clamp(0.0, 1.0) * 255.0) as u8));
        }
    }
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 88);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    let color = jpeg_encoder::ColorType::Rgb;
    encoder
        .encode(&pixels, WIDTH as u16, HEIGHT as u16, color)
        .unwrap();
    std::io::stdout().write_all(&file).unwrap();
}

// ---- What is seen

fn land(x: f32, y: f32) -> Color {
    let mut color = sky(x, y);
    // From the farthest ridge to the nearest.
    for (number, (top, rough, tint)) in [
        (0.40, 0.34, [0.52, 0.42, 0.58]),
        (0.48, 0.26, [0.38, 0.31, 0.50]),
        (0.55, 0.16, [0.22, 0.22, 0.40]),
    ]
    .into_iter()
    .enumerate()
    {
        let seed = 17.0 * number as f32;
        let ridge = top + rough * (0.5 - hills(x * (3.4 + number as f32) + seed, 6));
        if y > ridge {
            let depth = ((y - ridge) / (SHORE - ridge)).clamp(0.0, 1.0);
            let rock = 0.82 + 0.36 * hills(x * 24.0 + seed + y * 19.0, 5);
            let haze = mix(
                tint,
                [0.98, 0.66, 0.50],
                0.55 * depth * (1.0 - 0.3 * number as f32),
            );
            color = haze.map(|channel| channel * rock);
            // Snow on what is high and far, and the more the higher it is.
            let snow = ridge + (top + 0.01 - ridge) * (0.25 + 0.9 * hills(x * 70.0 + seed, 4));
            if number < 2 && y < snow {
                color = mix(color, [1.0, 0.86, 0.82], 0.75);
            }
        }
    }
    let trees = SHORE - 0.012 - 0.05 * hills(x * 5.0 + 3.0, 3) - 0.03 * spikes(x);
    if y > trees {
        mix(color, [0.05, 0.09, 0.13], 0.94)
    } else {
        color
    }
}

fn sky(x: f32, y: f32) -> Color {
    let height = (y / SHORE).clamp(0.0, 1.0);
    let mut color = mix(
        [0.16, 0.20, 0.46],
        [0.86, 0.42, 0.48],
        (height * 1.5).min(1.0),
    );
    color = mix(
        color,
        [1.0, 0.76, 0.45],
        ((height - 0.45) * 1.9).clamp(0.0, 1.0),
    );
    let distance = ((x - SUN.0) * 1.5).hypot(y - SUN.1);
    color = mix(
        color,
        [1.0, 0.90, 0.62],
        (0.9 - distance * 2.3).clamp(0.0, 1.0) * 0.8,
    );
    if distance < 0.052 {
        color = [1.0, 0.97, 0.86];
    }
    let cloud = hills2(x * 3.0, y * 16.0, 5) - 0.52;
    if cloud > 0.0 {
        color = mix(
            color,
            [1.0, 0.70, 0.62],
            (cloud * 4.0).min(0.7) * (1.0 - height * 0.5),
        );
    }
    let star = noise((x * 900.0).floor() + 0.5, (y * 600.0).floor() + 0.5);
    if star > 0.9985 && height < 0.45 {
        color = mix(color, [1.0, 1.0, 1.0], 0.8 * (1.0 - 2.0 * height));
    }
    color
}

/// The land upside down, darker, in waves that get longer towards us.
fn water(x: f32, y: f32) -> Color {
    let depth = (y - SHORE) / (1.0 - SHORE);
    let wave = hills2(
        x * (9.0 - 5.0 * depth),
        (y - SHORE) * 900.0 / (1.0 + 6.0 * depth),
        4,
    ) - 0.5;
    let above = SHORE - (y - SHORE) * 1.35 + wave * 0.10 * (0.15 + depth);
    let shown = land(
        (x + wave * 0.012).clamp(0.0, 1.0),
        above.clamp(0.0, SHORE - 0.001),
    );
    let color = mix(shown, [0.07, 0.13, 0.28], 0.28 + 0.4 * depth);
    let glitter = (wave * 2.6).clamp(0.0, 1.0) * (1.0 - ((x - SUN.0) * 7.0).abs()).clamp(0.0, 1.0);
    mix(color, [1.0, 0.85, 0.60], glitter)
}

/// The tops of firs.
fn spikes(x: f32) -> f32 {
    let place = x * 150.0;
    let tree = place.floor();
    let tall = noise(tree + 0.5, 91.5);
    tall * (1.0 - 2.0 * (place - tree - 0.5).abs())
}

fn mix(one: Color, other: Color, part: f32) -> Color {
    [0, 1, 2].map(|i| one[i] + (other[i] - one[i]) * part)
}

// ---- Noise

/// From 0 to 1, the same for the same whole numbers.
fn lattice(x: i32, y: i32) -> f32 {
    let mut bits = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2c1b_3c6d);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297a_2d39);
    (bits ^ (bits >> 15)) as f32 / u32::MAX as f32
}

/// Smooth between the whole numbers.
fn noise(x: f32, y: f32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let ease = |part: f32| part * part * (3.0 - 2.0 * part);
    let (across, down) = (ease(x - column), ease(y - row));
    let corner = |right: i32, below: i32| lattice(column as i32 + right, row as i32 + below);
    let upper = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * across;
    let lower = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * across;
    upper + (lower - upper) * down
}

/// Noise of several sizes together.
fn hills2(x: f32, y: f32, octaves: u32) -> f32 {
    let (mut sum, mut weight, mut scale) = (0.0, 0.5, 1.0);
    for octave in 0..octaves {
        sum += weight * noise(x * scale + 31.0 * octave as f32, y * scale);
        weight /= 2.0;
        scale *= 2.0;
    }
    sum / (1.0 - 2.0 * weight * 0.5)
}

fn hills(x: f32, octaves: u32) -> f32 {
    hills2(x, 0.5, octaves)
}
