//! Settings of a process.

use std::net::Ipv4Addr;
use std::time::Duration;

use clap::Parser;
use service::settings::{Exposure, ListenAddress, duration, size, try_parse_from};
use service::telemetry::LogSettings;
use tokio::net::TcpListener;

// `PATH` stands for a variable with an unusable value: tests must not set variables of their process.
#[derive(Debug, Parser)]
struct Settings {
    #[arg(long, env = "SERVICE_TEST_LISTEN")]
    listen: ListenAddress,
    #[arg(long, default_value = "30s", value_parser = duration)]
    drain: Duration,
}

#[derive(Debug, Parser)]
struct FromPath {
    #[arg(long, env = "PATH", value_parser = duration)]
    patience: Duration,
}

#[derive(Debug, Parser)]
struct Secret {
    #[arg(long, env = "PATH", hide_env_values = true, value_parser = duration)]
    token: Duration,
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    Serve(Settings),
}

#[test]
fn flags_and_defaults_give_values() {
    let settings: Settings = try_parse_from(["program", "--listen", ":8080"]).unwrap();
    assert_eq!(settings.listen.to_string(), ":8080");
    assert_eq!(settings.drain, Duration::from_secs(30));
}

#[test]
fn a_missing_value_names_flag_and_variable() {
    let error = try_parse_from::<Settings>(["program"]).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(
        error.to_string().contains("--listen <LISTEN> or environment variable SERVICE_TEST_LISTEN"),
        "{error}"
    );
    assert!(error.to_string().contains("Usage: "), "{error}");
}

#[test]
fn a_wrong_value_names_flag_and_variable() {
    let error = try_parse_from::<FromPath>(["program"]).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    let text = error.to_string();
    assert!(text.contains("'--patience <PATIENCE> or environment variable PATH'"), "{text}");
    assert!(text.contains("write a length of time"), "{text}");
}

#[test]
fn a_wrong_secret_is_not_shown() {
    let text = try_parse_from::<Secret>(["program"]).unwrap_err().to_string();
    assert!(text.contains("'(not shown)' for '--token <TOKEN> or environment variable PATH'"), "{text}");
}

#[test]
fn arguments_of_subcommands_are_named_too() {
    let error = try_parse_from::<Cli>(["program", "serve", "--listen", "nowhere"]).unwrap_err();
    assert!(error.to_string().contains("environment variable SERVICE_TEST_LISTEN"), "{error}");
}

#[test]
fn a_flag_without_variable_stays_as_it_is() {
    let error =
        try_parse_from::<Settings>(["program", "--listen", ":1", "--drain", "soon"]).unwrap_err().to_string();
    assert!(error.contains("for '--drain <DRAIN>'"), "{error}");
}

fn parsed(text: &str) -> Result<ListenAddress, &'static str> {
    text.parse()
}

#[test]
fn addresses_print_as_they_are_written() {
    for text in ["127.0.0.1:9090", "[::1]:9090", "localhost:0", ":9090"] {
        assert_eq!(parsed(text).unwrap().to_string(), text);
    }
}

#[test]
fn other_texts_are_no_addresses() {
    for text in
        ["", "9090", "localhost", "localhost:", ":port", "::1:9090", "[oops]:1", "http://host:80", ":70000"]
    {
        assert!(parsed(text).is_err_and(|error| error.contains("host:port")), "{text}");
    }
}

#[tokio::test]
async fn a_free_port_is_taken_on_all_addresses() {
    let listener = parsed(":0").unwrap().bind().await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let first = parsed("127.0.0.1:0").unwrap().bind().await.unwrap();
    let address = first.local_addr().unwrap().to_string();
    let error = parsed(&address).unwrap().bind().await.unwrap_err();
    assert!(error.to_string().contains(&address), "{error}");
}

#[test]
fn durations_are_read_as_people_write_them() {
    for (text, milliseconds) in [
        ("250ms", 250),
        ("10s", 10_000),
        ("1m30s", 90_000),
        ("1m 30s", 90_000),
        ("2h", 7_200_000),
        ("PT30S", 30_000),
        ("0s", 0),
    ] {
        assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
}

#[test]
fn other_texts_are_no_durations() {
    for text in ["", "10", "soon", "-5s", "10 parsecs"] {
        assert!(duration(text).is_err_and(|error| error.contains("10s")), "{text}");
    }
}

#[test]
fn sizes_are_read_with_and_without_unit() {
    for (text, bytes) in
        [("0", 0), ("4096", 4096), ("64KiB", 65_536), ("2 MiB", 2_097_152), ("1GiB", 1 << 30)]
    {
        assert_eq!(size(text), Ok(bytes), "{text}");
    }
}

#[test]
fn other_texts_are_no_sizes() {
    for text in ["", "MiB", "-1", "2MB", "99999999999999999999GiB", "18446744073709551615KiB"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[derive(Debug, Parser)]
struct Logged {
    #[command(flatten)]
    log: LogSettings,
}

#[test]
fn a_filter_may_name_parts() {
    try_parse_from::<Logged>(["program", "--log", "info,bridge=debug"]).unwrap();
}

#[test]
fn a_wrong_filter_names_the_variable() {
    let error = try_parse_from::<Logged>(["program", "--log", "bridge=loud"]).unwrap_err().to_string();
    assert!(error.contains("environment variable LOG_LEVEL"), "{error}");
}

#[tokio::test]
async fn without_identities_only_this_machine_is_served() {
    let settings = ["LISTEN", "TOKENS or ISSUERS", "INSECURE"];
    for (address, has_identities, insecure, is_served) in [
        ("127.0.0.1:0", false, false, true),
        ("0.0.0.0:0", false, false, false),
        ("0.0.0.0:0", true, false, true),
        ("0.0.0.0:0", false, true, true),
    ] {
        let listener = TcpListener::bind(address).await.unwrap();
        let served = Exposure { has_identities, insecure, settings }.check(&listener);
        assert_eq!(served.is_ok(), is_served, "{address} {has_identities} {insecure}: {served:?}");
        if let Err(error) = served {
            let error = error.to_string();
            let names = ["0.0.0.0:", "LISTEN", "TOKENS or ISSUERS", "INSECURE=true"];
            assert!(names.iter().all(|name| error.contains(name)), "{error}");
        }
    }
}
