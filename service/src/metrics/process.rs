//! What the kernel knows of this process, under Prometheus' usual names. Only on Linux; elsewhere there are none.

use std::fs;

use ::metrics::{Unit, describe_gauge, gauge};

const MEMORY: &str = "process_resident_memory_bytes";
const THREADS: &str = "process_threads";
const FILES: &str = "process_open_fds";
const CPU: &str = "process_cpu_seconds_total";

/// Clock ticks in a second, as Linux counts them towards programs on every architecture that we build for.
const TICKS: f64 = 100.0;

pub(super) fn describe() {
    describe_gauge!(MEMORY, Unit::Bytes, "Memory that is resident");
    describe_gauge!(THREADS, "Threads");
    describe_gauge!(FILES, "Open file descriptors");
    // Counters of the `metrics` crate are whole numbers.
    describe_gauge!(CPU, Unit::Seconds, "CPU time used, user and system");
}

pub(super) fn record() {
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_ascii_whitespace().next()?.parse::<f64>().ok()
        };
        if let Some(kibibytes) = field("VmRSS:") {
            gauge!(MEMORY).set(kibibytes * 1024.0);
        }
        if let Some(threads) = field("Threads:") {
            gauge!(THREADS).set(threads);
        }
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // One of them reads this directory.
        gauge!(FILES).set(files.count().saturating_sub(1) as f64);
    }
    if let Some(ticks) = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| cpu_ticks(&stat)) {
        gauge!(CPU).set(ticks as f64 / TICKS);
    }
}

/// User and system time: fields 14 and 15 of proc_pid_stat(5). The second field may hold blanks and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_strange_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 1 0 100 1000 10";
        assert_eq!(cpu_ticks(stat), Some(400));
        assert_eq!(cpu_ticks(""), None);
    }
}
