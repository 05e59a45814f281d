//! The forms of texts that a schema's `format` names, for messages. Formats are not validated: types such as dates are
//! more lenient than JSON Schema.

use serde_json::Value;
use serde_path_to_error::Segment;

use super::texts::{MOST, item, parts};

/// Returns what is expected at a path below a value of these schemas, if they name a format there.
pub(super) fn expected<'a>(
    root: &'a Value,
    schemas: &[&'a Value],
    path: impl Iterator<Item = &'a Segment>,
) -> Option<&'static str> {
    let mut schemas = schemas.to_vec();
    for segment in path {
        let below = |part: &'a Value| match segment {
            Segment::Map { key } => {
                let own = part.get("properties").and_then(|properties| properties.get(key));
                own.or_else(|| part.get("additionalProperties"))
            }
            Segment::Seq { index } => item(part, *index),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        schemas = parts(root, &schemas).take(MOST).filter_map(below).collect();
    }
    parts(root, &schemas).take(MOST).find_map(|part| of(part.get("format")?.as_str()?))
}

fn of(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "a date and time like `2026-01-31T12:00:00Z`",
        "partial-date-time" => "a date and time like `2026-01-31T12:00:00`",
        "zoned-date-time" => "a date and time like `2026-01-31T12:00:00+01:00[Europe/Berlin]`",
        "date" => "a date like `2026-01-31`",
        "time" => "a time like `12:00:00Z`",
        "partial-time" => "a time like `12:00:00`",
        "duration" => "a duration like `PT30S`",
        "uuid" => "a UUID like `019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071`",
        "uri" => "a URL like `https://example.org/`",
        "email" => "an e-mail address like `name@example.org`",
        "ip" => "an IP address like `192.0.2.1` or `2001:db8::1`",
        "ipv4" => "an IPv4 address like `192.0.2.1`",
        "ipv6" => "an IPv6 address like `2001:db8::1`",
        _ => return None,
    })
}
