//! Value parsers: lengths of time and sizes as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// A length of time: `250ms`, `10s`, `1m30s`, `2h`, or ISO 8601 (`PT30S`). For `#[arg(value_parser = duration)]`.
///
/// # Errors
/// A text that says how to write one.
pub fn duration(text: &str) -> Result<Duration, String> {
    text.trim()
        .parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "write a length of time, such as 250ms, 10s or 1m30s".to_owned())
}

/// A number of bytes: `4096`, `64KiB`, `2MiB`, `1GiB`. For `#[arg(value_parser = size)]`.
///
/// # Errors
/// A text that says how to write one.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
