//! Whether a caller prefers plain text to JSON (RFC 9110 §12.5.1).

use http::HeaderValue;

/// JSON is our own form: it wins every tie, and is the form for callers that express no preference.
pub(super) fn prefers_text<'a>(accept: impl IntoIterator<Item = &'a HeaderValue>) -> bool {
    let ranges: Vec<_> = accept
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(range)
        .collect();
    let text = weight(&ranges, "text/*", "text/plain");
    ["application/problem+json", "application/json"]
        .into_iter()
        .all(|json| text > weight(&ranges, "application/*", json))
}

/// Reads `type/subtype;q=…`. Returns the media range and its quality.
fn range(text: &str) -> Option<(String, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let quality = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(Some(1.0), |(_, value)| value.trim().parse().ok())?;
    Some((name, quality))
}

/// How much a media type is wanted: the quality of its most specific range, and how specific that is.
fn weight(ranges: &[(String, f32)], group: &str, name: &str) -> (f32, Option<usize>) {
    let specific = |range: &str| ["*/*", group, name].into_iter().position(|known| known == range);
    let weights = ranges.iter().map(|(range, quality)| (*quality, specific(range)));
    weights
        .filter(|(_, specific)| specific.is_some())
        .max_by_key(|(_, specific)| *specific)
        .unwrap_or_default()
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
