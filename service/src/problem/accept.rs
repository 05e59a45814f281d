//! Whether a caller would rather have plain text than JSON (RFC 9110 §12.5.1).

use std::cmp::Ordering;

use http::HeaderValue;

/// JSON is our own form: it wins every tie, and stands where nothing is asked for.
pub(super) fn prefers_text<'a>(accept: impl IntoIterator<Item = &'a HeaderValue>) -> bool {
    let ranges: Vec<Range> = accept
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::read)
        .collect();
    let text = weight(&ranges, "text", &["plain"]);
    let json = weight(&ranges, "application", &["problem+json", "json"]);
    text > json
}

/// One `type/subtype;q=…` of the header.
struct Range {
    kind: String,
    subkind: String,
    quality: f32,
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subkind) = parts.next()?.split_once('/')?;
        let quality = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(Some(1.0), |(_, value)| value.trim().parse().ok())?;
        Some(Self { kind: kind.to_ascii_lowercase(), subkind: subkind.to_ascii_lowercase(), quality })
    }
}

/// How much a media type is wanted: the quality of its most specific range; of equal ones, the one named more closely.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Weight {
    quality: f32,
    closeness: u8,
}

fn weight(ranges: &[Range], kind: &str, subkinds: &[&str]) -> Weight {
    let of = |subkind: &str| {
        ranges
            .iter()
            .filter_map(|range| {
                let closeness = match (range.kind.as_str(), range.subkind.as_str()) {
                    ("*", "*") => 1,
                    (named, "*") if named == kind => 2,
                    (named, sub) if named == kind && sub == subkind => 3,
                    _ => return None,
                };
                Some(Weight { quality: range.quality, closeness })
            })
            .max_by_key(|weight| weight.closeness)
            .unwrap_or(Weight { quality: 0.0, closeness: 0 })
    };
    subkinds
        .iter()
        .map(|subkind| of(subkind))
        .max_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal))
        .unwrap_or(Weight { quality: 0.0, closeness: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_only_to_those_who_prefer_it() {
        for (accept, text) in [
            ("", false),
            ("*/*", false),
            ("application/json", false),
            ("application/problem+json", false),
            ("text/plain", true),
            ("TEXT/Plain", true),
            ("text/*", true),
            ("text/plain, */*", true),
            ("text/plain, */*;q=0.8", true),
            ("text/plain;q=0.5, */*", false),
            ("text/plain;q=0, */*", false),
            ("text/plain, application/json", false),
            ("application/json, text/plain, */*", false),
            ("application/json;q=0.5, text/plain;q=0.9", true),
            ("application/json;q=0.9, text/plain;q=0.5", false),
            ("application/json;q=0, text/plain;q=0.1", true),
            ("application/problem+json;q=0.1, application/json, text/plain;q=0.5", false),
            ("text/html, application/xhtml+xml, */*;q=0.8", false),
            ("text/plain;q=nonsense", false),
            ("nonsense", false),
        ] {
            let value = HeaderValue::from_static(accept);
            assert_eq!(prefers_text([&value]), text, "{accept}");
        }
    }

    #[test]
    fn several_headers_count_as_one() {
        let values =
            [HeaderValue::from_static("application/json;q=0.1"), HeaderValue::from_static("text/plain")];
        assert!(prefers_text(&values));
        assert!(!prefers_text([]));
    }
}
