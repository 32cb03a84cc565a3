// SPDX-License-Identifier: Apache-2.0
//! Decoders of text, by encoding_rs.

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding};

use crate::memory::{bytes, room};

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_encoding_find(label: *const u8, size: usize) -> *const Encoding {
    let label = unsafe { bytes(label, size) };
    Encoding::for_label_no_replacement(label).map_or(std::ptr::null(), std::ptr::from_ref)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_encoding_name(
    encoding: *const Encoding,
    name: *mut u8,
    size: usize,
) -> usize {
    let encoding: &'static Encoding = unsafe { &*encoding };
    let whole = encoding.name().as_bytes();
    let count = whole.len().min(size);
    unsafe { room(name, count) }.copy_from_slice(&whole[..count]);
    count
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_utf8_valid_up_to(data: *const u8, size: usize) -> usize {
    Encoding::utf8_valid_up_to(unsafe { bytes(data, size) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_decoder_create(encoding: *const Encoding, keep_bom: bool) -> *mut Decoder {
    let encoding: &'static Encoding = unsafe { &*encoding };
    Box::into_raw(Box::new(if keep_bom {
        encoding.new_decoder_without_bom_handling()
    } else {
        encoding.new_decoder_with_bom_removal()
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_decoder_destroy(decoder: *mut Decoder) {
    if !decoder.is_null() {
        drop(unsafe { Box::from_raw(decoder) });
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_decoder_room(decoder: *const Decoder, size: usize) -> usize {
    unsafe { &*decoder }
        .max_utf8_buffer_length(size)
        .unwrap_or(usize::MAX)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_decoder_decode(
    decoder: *mut Decoder,
    data: *const u8,
    size: usize,
    last: bool,
    fatal: bool,
    text: *mut u8,
    text_room: usize,
) -> usize {
    let (decoder, data, text) =
        unsafe { (&mut *decoder, bytes(data, size), room(text, text_room)) };
    if fatal {
        let (result, _, written) = decoder.decode_to_utf8_without_replacement(data, text, last);
        return if result == DecoderResult::InputEmpty {
            written
        } else {
            usize::MAX
        };
    }
    let (result, _, written, _) = decoder.decode_to_utf8(data, text, last);
    debug_assert_eq!(result, CoderResult::InputEmpty);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(label: &str) -> *const Encoding {
        unsafe { fn0_encoding_find(label.as_ptr(), label.len()) }
    }

    fn decode(label: &str, fatal: bool, pieces: &[&[u8]]) -> Option<String> {
        let decoder = unsafe { fn0_decoder_create(find(label), false) };
        let mut whole = Vec::new();
        let mut malformed = false;
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            let mut text = vec![0; unsafe { fn0_decoder_room(decoder, piece.len()) }];
            let (data, size) = (piece.as_ptr(), piece.len());
            let written = unsafe {
                fn0_decoder_decode(
                    decoder,
                    data,
                    size,
                    last,
                    fatal,
                    text.as_mut_ptr(),
                    text.len(),
                )
            };
            if written == usize::MAX {
                malformed = true;
                break;
            }
            whole.extend_from_slice(&text[..written]);
        }
        unsafe { fn0_decoder_destroy(decoder) };
        (!malformed).then(|| String::from_utf8(whole).unwrap())
    }

    #[test]
    fn labels_lead_to_encodings() {
        assert_eq!(find(" LATIN1 "), find("windows-1252"));
        assert!(find("replacement").is_null());
        assert!(find("utf-9").is_null());
        let mut name = [0; 32];
        let size = unsafe { fn0_encoding_name(find("sjis"), name.as_mut_ptr(), name.len()) };
        assert_eq!(&name[..size], b"Shift_JIS");
    }

    #[test]
    fn pieces_may_cut_a_character() {
        assert_eq!(
            decode("utf-8", true, &[b"\xE2\x82", b"\xAC!"]).unwrap(),
            "\u{20AC}!"
        );
        assert_eq!(
            decode("shift_jis", true, &[b"\x82", b"\xA0"]).unwrap(),
            "\u{3042}"
        );
        assert_eq!(
            decode("utf-16le", true, &[b"\x3D", b"\xD8\x00\xDE"]).unwrap(),
            "\u{1F600}"
        );
    }

    #[test]
    fn what_is_malformed_is_replaced_or_fatal() {
        assert_eq!(
            decode("utf-8", false, &[b"a\xFFb\xE2\x82"]).unwrap(),
            "a\u{FFFD}b\u{FFFD}"
        );
        assert_eq!(decode("utf-8", true, &[b"a\xFFb"]), None);
        assert_eq!(decode("utf-8", true, &[b"\xE2\x82"]), None);
    }
}
