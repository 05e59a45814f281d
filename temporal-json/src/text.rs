//! Single values as protobuf's JSON has them (protobuf.dev, "ProtoJSON Format").

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use workflow_api::write_go_json;

use crate::JsonError;

pub(crate) fn string(json: &mut Vec<u8>, bytes: &[u8]) -> Result<(), JsonError> {
    let text = str::from_utf8(bytes).map_err(|_| JsonError::Damaged("a text is not UTF-8"))?;
    write_go_json(json, text);
    Ok(())
}

pub(crate) fn base64(json: &mut Vec<u8>, bytes: &[u8]) {
    json.push(b'"');
    json.extend_from_slice(BASE64_STANDARD.encode(bytes).as_bytes());
    json.push(b'"');
}

/// Any whole number of up to 32 bits; one of 64 where it stands in quotes.
pub(crate) fn number(json: &mut Vec<u8>, number: impl Into<i64>) {
    write_go_json(json, &number.into());
}

pub(crate) fn float(json: &mut Vec<u8>, float: f64) {
    if float.is_nan() {
        json.extend_from_slice(br#""NaN""#);
    } else if float == f64::INFINITY {
        json.extend_from_slice(br#""Infinity""#);
    } else if float == f64::NEG_INFINITY {
        json.extend_from_slice(br#""-Infinity""#);
    } else {
        write_go_json(json, &float);
    }
}

pub(crate) fn timestamp(json: &mut Vec<u8>, seconds: i64, nanos: i32) -> Result<(), JsonError> {
    let time = Timestamp::new(seconds, nanos).map_err(|_| JsonError::NoTime { seconds, nanos })?;
    let printer = DateTimePrinter::new().precision(Some(digits(nanos)));
    json.push(b'"');
    printer.print_timestamp(&time, &mut *json).map_err(|_| JsonError::NoTime { seconds, nanos })?;
    json.push(b'"');
    Ok(())
}

/// Seconds and nanoseconds have the same sign.
pub(crate) fn duration(json: &mut Vec<u8>, seconds: i64, nanos: i32) {
    json.push(b'"');
    if seconds < 0 || nanos < 0 {
        json.push(b'-');
    }
    write_go_json(json, &seconds.unsigned_abs());
    let digits = usize::from(digits(nanos));
    if digits > 0 {
        json.push(b'.');
        json.extend(format!("{:09}", nanos.unsigned_abs()).bytes().take(digits));
    }
    json.extend_from_slice(b"s\"");
}

/// With how many digits a fraction of a second is written: as many as it takes, by threes.
fn digits(nanos: i32) -> u8 {
    match nanos {
        0 => 0,
        _ if nanos % 1_000_000 == 0 => 3,
        _ if nanos % 1_000 == 0 => 6,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut json = Vec::new();
        write(&mut json);
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn times_have_as_many_digits_as_they_take_by_threes() {
        for (seconds, nanos, text) in [
            (1_700_000_000, 0, r#""2023-11-14T22:13:20Z""#),
            (1_700_000_000, 120_000_000, r#""2023-11-14T22:13:20.120Z""#),
            (1_700_000_000, 1_000, r#""2023-11-14T22:13:20.000001Z""#),
            (1_700_000_000, 1, r#""2023-11-14T22:13:20.000000001Z""#),
            (-62_135_596_800, 0, r#""0001-01-01T00:00:00Z""#),
        ] {
            assert_eq!(written(|json| timestamp(json, seconds, nanos).unwrap()), text);
        }
    }

    #[test]
    fn durations_are_seconds_with_one_sign() {
        for (seconds, nanos, text) in [
            (0, 0, r#""0s""#),
            (90, 500_000_000, r#""90.500s""#),
            (0, -1_000, r#""-0.000001s""#),
            (-3, -1, r#""-3.000000001s""#),
            (i64::MIN, 0, r#""-9223372036854775808s""#),
        ] {
            assert_eq!(written(|json| duration(json, seconds, nanos)), text);
        }
    }

    #[test]
    fn floats_beyond_the_integers_stay_floats() {
        for (value, text) in [
            (1.5, "1.5"),
            (-3.0, "-3"),
            (1e300, "1e+300"),
            (f64::NEG_INFINITY, r#""-Infinity""#),
            (f64::NAN, r#""NaN""#),
        ] {
            assert_eq!(written(|json| float(json, value)), text);
        }
    }
}
