// SPDX-License-Identifier: Apache-2.0
//! gzip and deflate, by flate2 and zlib-rs.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::memory::{bytes, room};

/// `enum fn0_format`.
const GZIP: u32 = 0;
const DEFLATE: u32 = 1;

const WINDOW_BITS: u8 = 15;

/// `enum fn0_flow_state`.
const GOES_ON: u32 = 0;
const ENDED: u32 = 1;
const MALFORMED: u32 = 2;

enum Kind {
    Compress(Compress),
    Decompress(Decompress),
}

pub struct Flow(Kind);

impl Flow {
    fn total_in(&self) -> u64 {
        match &self.0 {
            Kind::Compress(compress) => compress.total_in(),
            Kind::Decompress(decompress) => decompress.total_in(),
        }
    }

    fn total_out(&self) -> u64 {
        match &self.0 {
            Kind::Compress(compress) => compress.total_out(),
            Kind::Decompress(decompress) => decompress.total_out(),
        }
    }

    fn run(&mut self, data: &[u8], last: bool, out: &mut [u8]) -> u32 {
        let status = match &mut self.0 {
            Kind::Compress(compress) => {
                let flush = if last {
                    FlushCompress::Finish
                } else {
                    FlushCompress::None
                };
                compress.compress(data, out, flush).ok()
            }
            Kind::Decompress(decompress) => {
                decompress.decompress(data, out, FlushDecompress::None).ok()
            }
        };
        match status {
            Some(Status::Ok | Status::BufError) => GOES_ON,
            Some(Status::StreamEnd) => ENDED,
            None => MALFORMED,
        }
    }
}

fn create(format: u32, decompress: bool) -> Flow {
    let level = Compression::default();
    Flow(match (decompress, format) {
        (false, GZIP) => Kind::Compress(Compress::new_gzip(level, WINDOW_BITS)),
        (false, _) => Kind::Compress(Compress::new(level, format == DEFLATE)),
        (true, GZIP) => Kind::Decompress(Decompress::new_gzip(WINDOW_BITS)),
        (true, _) => Kind::Decompress(Decompress::new(format == DEFLATE)),
    })
}

#[unsafe(no_mangle)]
extern "C" fn fn0_flow_create(format: u32, decompress: bool) -> *mut Flow {
    Box::into_raw(Box::new(create(format, decompress)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_flow_destroy(flow: *mut Flow) {
    if !flow.is_null() {
        drop(unsafe { Box::from_raw(flow) });
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_flow_run(
    flow: *mut Flow,
    data: *const u8,
    size: usize,
    last: bool,
    out: *mut u8,
    out_room: usize,
    ret_taken: *mut usize,
    ret_written: *mut usize,
) -> u32 {
    let flow = unsafe { &mut *flow };
    let (taken, written) = (flow.total_in(), flow.total_out());
    let state = flow.run(unsafe { bytes(data, size) }, last, unsafe {
        room(out, out_room)
    });
    unsafe {
        *ret_taken = (flow.total_in() - taken) as usize;
        *ret_written = (flow.total_out() - written) as usize;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(flow: &mut Flow, mut data: &[u8], last: bool, room: usize) -> (Vec<u8>, u32, usize) {
        let mut whole = Vec::new();
        loop {
            let (mut taken, mut written) = (0, 0);
            let mut out = vec![0; room];
            let state = unsafe {
                fn0_flow_run(
                    flow,
                    data.as_ptr(),
                    data.len(),
                    last,
                    out.as_mut_ptr(),
                    room,
                    &mut taken,
                    &mut written,
                )
            };
            whole.extend_from_slice(&out[..written]);
            data = &data[taken..];
            if state != GOES_ON || written < room {
                return (whole, state, data.len());
            }
        }
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let text: Vec<u8> = (0..100_000u32).map(|index| (index % 251) as u8).collect();
        for format in 0..3 {
            let (small, state, _) = run(&mut create(format, false), &text, true, 1000);
            assert_eq!(state, ENDED);
            assert!(small.len() < 2000);
            let mut flow = create(format, true);
            let mut back = Vec::new();
            for byte in &small {
                let (some, state, _) = run(&mut flow, &[*byte], false, 1000);
                assert_ne!(state, MALFORMED);
                back.extend(some);
            }
            assert!(back == text);
            let (_, state, left) = run(
                &mut create(format, true),
                &[&small[..], b"more"].concat(),
                false,
                1000,
            );
            assert_eq!((state, left), (ENDED, 4));
            let (_, state, _) = run(
                &mut create(format, true),
                &small[..small.len() - 1],
                false,
                1000,
            );
            assert_eq!(state, GOES_ON);
        }
    }

    #[test]
    fn what_is_malformed_is_told() {
        for format in 0..3 {
            let (_, state, _) = run(&mut create(format, true), &[0xFF; 32], false, 1000);
            assert_eq!(state, MALFORMED);
        }
    }
}
