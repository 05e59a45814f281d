//! Reading an intent and writing an invocation.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;

use super::Effort;
use crate::report::Report;
use crate::wire::{decode, encode, intent_body};

const TIMES: u32 = 5000;

pub(super) fn measure(report: &mut Report, effort: Effort) -> Result<()> {
    let body = intent_body();
    let intent = decode(&body)?;
    for _ in 0..effort.rounds {
        report.note("intent_decode_us", each(|| decode(black_box(&body))));
        report.note("invoke_encode_us", each(|| encode(black_box(&intent))));
    }
    Ok(())
}

/// How long it takes once, in microseconds.
fn each<T>(mut work: impl FnMut() -> T) -> f64 {
    let since = Instant::now();
    for _ in 0..TIMES {
        black_box(work());
    }
    since.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
}
