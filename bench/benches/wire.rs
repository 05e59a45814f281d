//! `cargo bench -p bench`: reading and writing what goes over the wire, with Criterion's statistics.

use std::hint::black_box;

use bench::wire::{decode, encode, intent_body};
use criterion::{Criterion, criterion_group, criterion_main};

fn intents(criterion: &mut Criterion) {
    let body = intent_body();
    let intent = decode(&body).expect("EMCO's sample is sound");
    criterion.bench_function("decode an intent", |bench| bench.iter(|| decode(black_box(&body))));
    criterion.bench_function("encode an invocation", |bench| bench.iter(|| encode(black_box(&intent))));
}

criterion_group!(wire, intents);
criterion_main!(wire);
