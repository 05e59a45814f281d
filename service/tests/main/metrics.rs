//! What a process measures of itself.

use service::metrics::Metrics;

#[tokio::test]
async fn the_program_and_its_version_are_shown() {
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
