//! The SDK's metrics (tasks, slots, latencies), recorded together with ours, so that one `/metrics` shows both.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Label, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use temporalio_common::telemetry::metrics::{
    CoreMeter, Counter, CounterBase, Gauge, GaugeBase, GaugeF64, GaugeF64Base, Histogram, HistogramBase,
    HistogramDuration, HistogramDurationBase, HistogramF64, HistogramF64Base, MetricAttributable,
    MetricAttributes, MetricParameters, NewAttributes, UpDownCounter, UpDownCounterBase,
};

/// Records the SDK's metrics with the `metrics` crate.
#[derive(Debug)]
pub(crate) struct Meter;

impl CoreMeter for Meter {
    fn new_attributes(&self, attributes: NewAttributes) -> MetricAttributes {
        // The kind of attributes that is a plain map of labels.
        MetricAttributes::NoOp(Arc::new(attributes.into()))
    }

    fn extend_attributes(&self, existing: MetricAttributes, attributes: NewAttributes) -> MetricAttributes {
        let mut labels = match existing {
            MetricAttributes::NoOp(labels) => Arc::unwrap_or_clone(labels),
            _ => HashMap::new(),
        };
        labels.extend(HashMap::from(attributes));
        MetricAttributes::NoOp(Arc::new(labels))
    }

    fn counter(&self, params: MetricParameters) -> Counter {
        let name = format!("{}_total", params.name);
        describe_counter!(name.clone(), params.description);
        Counter::new(Arc::new(Instrument(name)))
    }

    fn histogram(&self, params: MetricParameters) -> Histogram {
        Histogram::new(Arc::new(described_histogram(params)))
    }

    fn histogram_f64(&self, params: MetricParameters) -> HistogramF64 {
        HistogramF64::new(Arc::new(described_histogram(params)))
    }

    fn histogram_duration(&self, params: MetricParameters) -> HistogramDuration {
        let name = format!("{}_seconds", params.name);
        HistogramDuration::new(Arc::new(described_histogram(MetricParameters {
            name: name.into(),
            ..params
        })))
    }

    fn gauge(&self, params: MetricParameters) -> Gauge {
        Gauge::new(Arc::new(described_gauge(params)))
    }

    fn gauge_f64(&self, params: MetricParameters) -> GaugeF64 {
        GaugeF64::new(Arc::new(described_gauge(params)))
    }

    fn up_down_counter(&self, params: MetricParameters) -> UpDownCounter {
        UpDownCounter::new(Arc::new(described_gauge(params)))
    }
}

fn described_histogram(params: MetricParameters) -> Instrument {
    let MetricParameters { name, description, .. } = params;
    describe_histogram!(name.clone(), description);
    Instrument(name.into_owned())
}

fn described_gauge(params: MetricParameters) -> Instrument {
    let MetricParameters { name, description, .. } = params;
    describe_gauge!(name.clone(), description);
    Instrument(name.into_owned())
}

/// A metric by name, without labels.
struct Instrument(String);

/// A metric with its labels.
struct Bound<T>(T);

/// Implements each kind of metric: how it gets its labels, and how a value is recorded.
macro_rules! instruments {
    ($($base:ident: $register:ident, $method:ident($value:ident: $type:ty) => $record:ident($recorded:expr);)+) => {$(
        impl MetricAttributable<Box<dyn $base>> for Instrument {
            fn with_attributes(&self, attributes: &MetricAttributes) -> Result<Box<dyn $base>, Box<dyn Error>> {
                Ok(Box::new(Bound($register!(self.0.clone(), labels(attributes)))))
            }
        }

        impl $base for Bound<bound::$register> {
            fn $method(&self, $value: $type) {
                self.0.$record($recorded);
            }
        }
    )+};
}

/// The handles of the `metrics` crate, by the names of the macros that return them.
#[expect(non_camel_case_types, reason = "the names of macros")]
mod bound {
    pub(super) type counter = metrics::Counter;
    pub(super) type gauge = metrics::Gauge;
    pub(super) type histogram = metrics::Histogram;
}

instruments! {
    CounterBase: counter, adds(value: u64) => increment(value);
    HistogramBase: histogram, records(value: u64) => record(value as f64);
    HistogramF64Base: histogram, records(value: f64) => record(value);
    HistogramDurationBase: histogram, records(value: Duration) => record(value);
    GaugeBase: gauge, records(value: u64) => set(value as f64);
    GaugeF64Base: gauge, records(value: f64) => set(value);
    UpDownCounterBase: gauge, adds(value: i64) => increment(value as f64);
}

fn labels(attributes: &MetricAttributes) -> Vec<Label> {
    let MetricAttributes::NoOp(labels) = attributes else { return Vec::new() };
    let mut labels: Vec<_> =
        labels.iter().map(|(name, value)| Label::new(name.clone(), value.clone())).collect();
    // The order of a map is random, and labels in another order would be another series.
    labels.sort_unstable();
    labels
}
