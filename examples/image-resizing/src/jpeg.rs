// SPDX-License-Identifier: Apache-2.0

//! Whether a JPEG is whole. Its decoder paints what is missing grey, as browsers do; a cache would keep that.

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Follows the segments from the first marker to the one that ends the picture. What stands behind that is nobody's
/// business (phones put films there), and neither is what a segment holds (a smaller picture, say, with an end of its own).
pub fn is_whole(file: &[u8]) -> bool {
    let mut place = 0;
    while let Some(found) = next_marker(&file[place..]) {
        let marker = file[place + found + 1];
        place += found + 2;
        match marker {
            END_OF_IMAGE => return true,
            START_OF_IMAGE => continue,
            _ => {}
        }
        let Some([high, low]) = file.get(place..place + 2) else {
            return false;
        };
        place += usize::from(*high) << 8 | usize::from(*low);
        if place > file.len() {
            return false;
        }
        // Pixels follow, up to the next marker that isn't one of them.
        if marker == START_OF_SCAN && next_marker(&file[place..]).is_none() {
            return false;
        }
    }
    false
}

/// Where the next marker is that is no part of a scan: neither an escaped 0xff, nor padding, nor a restart.
fn next_marker(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0x01 | 0xd0..=0xd7 | 0xff))
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    fn picture(progressive: bool) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
        encoder.set_progressive(progressive);
        encoder.set_restart_interval(4);
        // A segment with an end in it.
        encoder
            .add_app_segment(5, b"\xff\xd8\xff\xd9".to_vec())
            .unwrap();
        let pixels: Vec<u8> = (0..64 * 64).map(|i| (i * i / 7) as u8).collect();
        encoder
            .encode(&pixels, 64, 64, jpeg_encoder::ColorType::Luma)
            .unwrap();
        file
    }

    #[test]
    fn each_way_to_be_cut_off() {
        for progressive in [false, true] {
            let mut file = picture(progressive);
            for bytes in 0..file.len() {
                assert!(!is_whole(&file[..bytes]), "{bytes} of {} bytes", file.len());
            }
            assert!(is_whole(&file));
            file.extend(b"\xff\xd8 a film");
            assert!(is_whole(&file));
        }
    }
}
