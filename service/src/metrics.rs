//! Metrics of a process in Prometheus' text form, recorded through the `metrics` crate.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

/// Upper bounds of the buckets of request durations, in seconds.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// How the names of all metrics of durations end.
const DURATION_SUFFIX: &str = "_duration_seconds";

/// How often metrics that nobody scrapes are condensed, so that they do not pile up.
const UPKEEP: Duration = Duration::from_secs(5);

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    samples: Vec<Arc<dyn Fn() + Send + Sync>>,
}

/// Calibrates the processor's counter by which the recorder measures time. This takes less than a millisecond, once for
/// the process, unless threads that start disturb it: then it takes 200 ms.
pub(crate) fn calibrate_clock() {
    let _ = quanta::Clock::new();
}

impl Metrics {
    /// Starts to measure, as `program` of that version. There is one recorder in a process: a second call returns that
    /// of the first. Needs a Tokio runtime.
    pub fn install(program: &'static str, version: &'static str) -> Self {
        static FIRST: OnceLock<Metrics> = OnceLock::new();
        FIRST.get_or_init(|| Self::begin(program, version)).clone()
    }

    /// Calls `sample` whenever the metrics are read, to record what does not report itself.
    #[must_use]
    pub fn with_sample(mut self, sample: impl Fn() + Send + Sync + 'static) -> Self {
        self.samples.push(Arc::new(sample));
        self
    }

    /// Returns all metrics as Prometheus text.
    pub fn render(&self) -> String {
        self.samples.iter().for_each(|sample| sample());
        self.handle.render()
    }

    fn begin(program: &'static str, version: &'static str) -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix(DURATION_SUFFIX.to_owned()), &DURATIONS)
            .expect("there are bounds")
            .build_recorder();
        let handle = recorder.handle();
        if ::metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of metrics is installed; /metrics stays empty");
        }
        describe_gauge!("build_info", "1, with the program and its version as labels");
        gauge!("build_info", "program" => program, "version" => version).set(1.0);
        let process = Collector::default();
        process.describe();
        tokio::spawn({
            let handle = handle.clone();
            async move {
                loop {
                    tokio::time::sleep(UPKEEP).await;
                    handle.run_upkeep();
                }
            }
        });
        Self { handle, samples: Vec::new() }.with_sample(move || process.collect())
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
