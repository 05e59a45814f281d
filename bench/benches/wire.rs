//! `cargo bench -p bench`: what is done to JSON and to Temporal's messages with every request, with Criterion's statistics.

use std::hint::black_box;

use bench::wire::{decode, encode, events, intent_body};
use client_kit::{__private::start_call, StartContext};
use criterion::{Criterion, criterion_group, criterion_main};

fn intents(criterion: &mut Criterion) {
    let body = intent_body();
    let intent = decode(&body).expect("EMCO's sample is sound");
    criterion.bench_function("decode an intent", |bench| bench.iter(|| decode(black_box(&body))));
    criterion.bench_function("encode an invocation", |bench| bench.iter(|| encode(black_box(&intent))));
}

fn starts(criterion: &mut Criterion) {
    let intent = decode(&intent_body()).expect("EMCO's sample is sound");
    let start = StartContext::new(intent.spec.temporal).start("EmcoMigrateWorkflow");
    criterion
        .bench_function("make a start's call", |bench| bench.iter(|| start_call(black_box(start.clone()))));
}

fn histories(criterion: &mut Criterion) {
    let events = events(100);
    criterion.bench_function("write 100 events as JSON", |bench| {
        bench.iter(|| events.iter().filter_map(|event| temporal::json::event(event).ok()).count());
    });
}

criterion_group!(wire, intents, starts, histories);
criterion_main!(wire);
