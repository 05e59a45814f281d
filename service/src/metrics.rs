//! Measures of a process in Prometheus' text form, recorded through the `metrics` crate.

mod process;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the request durations that are counted, in seconds.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// How the names of all measures of durations end.
const DURATION_SUFFIX: &str = "_duration_seconds";

/// How often measures that nobody scrapes are condensed, so that they do not pile up.
const UPKEEP: Duration = Duration::from_secs(5);

/// The measures of this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    samples: Vec<Arc<dyn Fn() + Send + Sync>>,
}

/// Measures the counter of the processor by which the recorder tells time: once for the process, and in less than a millisecond unless
/// it is disturbed, as by threads that begin; then it goes on for 200 ms.
pub(crate) fn measure_clock() {
    let _ = quanta::Clock::new();
}

impl Metrics {
    /// Begin to measure, as `program` of that version. There is one recorder in a process: a second call gives the first one's.
    /// Needs a Tokio runtime.
    pub fn install(program: &'static str, version: &'static str) -> Self {
        static FIRST: OnceLock<Metrics> = OnceLock::new();
        FIRST.get_or_init(|| Self::begin(program, version)).clone()
    }

    /// The same, taking a sample of what does not report itself whenever the measures are read.
    #[must_use]
    pub fn with_sample(mut self, sample: impl Fn() + Send + Sync + 'static) -> Self {
        self.samples.push(Arc::new(sample));
        self
    }

    /// All measures as Prometheus text.
    pub fn render(&self) -> String {
        process::record();
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
        describe_gauge!("build_info", "1, labelled with what is running");
        process::describe();
        gauge!("build_info", "program" => program, "version" => version).set(1.0);
        tokio::spawn({
            let handle = handle.clone();
            async move {
                loop {
                    tokio::time::sleep(UPKEEP).await;
                    handle.run_upkeep();
                }
            }
        });
        Self { handle, samples: Vec::new() }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_running_is_told() {
        let text = Metrics::install("test", "0").render();
        assert!(text.contains(r#"build_info{program="test",version="0"} 1"#), "{text}");
        assert!(text.contains("# TYPE build_info gauge"), "{text}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_process_measures_itself() {
        let text = Metrics::install("test", "0").render();
        let value = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse::<f64>().ok())
                .unwrap_or_else(|| panic!("{name} in {text}"))
        };
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_threads") >= 1.0);
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_cpu_seconds_total") >= 0.0);
    }
}
