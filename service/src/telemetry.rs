//! Logs to stderr: for people on a terminal, else as JSON lines. The Temporal SDK logs through `tracing` too.

use std::io::{IsTerminal, stderr};
use std::panic::PanicHookInfo;
use std::str::FromStr;

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Identity, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// What is logged, and how.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Logging")]
pub struct LogSettings {
    /// What to log: a level (`info`), or levels by part (`info,bridge=debug`). Libraries log what their peers
    /// send only if they are named (`debug,h2=trace`).
    #[arg(long = "log", env = "LOG_LEVEL", default_value = "info", value_name = "FILTER")]
    filter: Filter,
    /// How to log.
    #[arg(long = "log-format", env = "LOG_FORMAT", default_value = "auto", value_name = "FORMAT")]
    format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line, for collectors.
    Json,
}

/// What libraries that log whatever their peers send may log, unless they are named. `h2` logs each frame at `debug`. A
/// name stands for all that begin with it.
const CAPS: &str = "h2=info,hyper=debug,mio=debug,reqwest=debug,rustls=debug,sqlx=debug,temporalio=debug,tokio=debug,\
    tonic=debug,tower=debug,want=debug";

/// A filter that has been parsed once, so that a wrong one is an error of the settings.
#[derive(Debug, Clone)]
struct Filter(String);

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match EnvFilter::builder().parse(text) {
            // What is named later counts.
            Ok(_) if text.split(',').any(is_verbose) => Ok(Self(format!("{CAPS},{text}"))),
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => {
                Err("write a level (error, warn, info, debug, trace) or levels by part (info,bridge=debug)"
                    .to_owned())
            }
        }
    }
}

/// Whether a part of a filter is a level at which libraries log what their peers send.
fn is_verbose(part: &str) -> bool {
    part.trim().parse::<LevelFilter>().is_ok_and(|level| level >= LevelFilter::DEBUG)
}

/// Starts to log. A second call changes nothing: tests in one process share the log.
pub fn init(settings: &LogSettings) {
    init_with(settings, Identity::new());
}

/// Starts to log, with a layer that sees all that happens, whatever is logged.
pub fn init_with(settings: &LogSettings, layer: impl Layer<Registry> + Send + Sync) {
    let terminal = stderr().is_terminal();
    let human = match settings.format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    let lines = if human {
        lines.with_ansi(colours).boxed()
    } else {
        lines.json().flatten_event(true).with_span_list(false).boxed()
    };
    let lines = lines.with_filter(EnvFilter::new(&settings.filter.0));
    let first = tracing_subscriber::registry().with(layer).with(lines).try_init().is_ok();
    if first {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// A panic as a log line like any other, so that a collector of JSON lines sees it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("(no text)");
    let backtrace = std::backtrace::Backtrace::capture();
    match backtrace.status() {
        std::backtrace::BacktraceStatus::Captured => {
            tracing::error!(location, %backtrace, "panic: {message}");
        }
        _ => tracing::error!(location, "panic: {message}"),
    }
}
