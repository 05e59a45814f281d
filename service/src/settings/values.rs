//! Value parsers: durations and sizes as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads a duration: `250ms`, `10s`, `1m30s`, `2h`, or ISO 8601 (`PT30S`). For `#[arg(value_parser = duration)]`.
///
/// # Errors
/// When the text is no such value: a sentence with examples.
pub fn duration(text: &str) -> Result<Duration, String> {
    text.trim()
        .parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "write a length of time, such as 250ms, 10s or 1m30s".to_owned())
}

/// Reads a number of bytes: `4096`, `64KiB`, `2MiB`, `1GiB`. For `#[arg(value_parser = size)]`.
///
/// # Errors
/// When the text is no such value: a sentence with examples.
pub fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, usize); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let text = text.trim();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| text.strip_suffix(name).map(|number| (number.trim_end(), *unit)))
        .unwrap_or((text, 1));
    number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "write a number of bytes, such as 4096, 64KiB or 2MiB".to_owned())
}
