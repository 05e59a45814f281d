//! The paths of pages. Names are percent-encoded. Workflow and run IDs, which may have any characters, are in the
//! query: browsers remove the segments `.` and `..` from a path, and some proxies decode `%2F` in it.

use bridge_core::model::{AlarmId, DigKey, IntentKey};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The first page.
pub(crate) const HOME: &str = "/ui/";
/// The list of intents.
pub(crate) const INTENTS: &str = "/ui/intents";
/// The form of a new intent.
pub(crate) const NEW_INTENT: &str = "/ui/new-intent";
/// The list of runs.
pub(crate) const RUNS: &str = "/ui/runs";

/// The list of schedules.
pub(crate) const SCHEDULES: &str = "/ui/schedules";
/// The list of rules.
pub(crate) const RULES: &str = "/ui/rules";
/// The list of alarms.
pub(crate) const ALARMS: &str = "/ui/alarms";
/// The workflow clients and task queues.
pub(crate) const CLIENTS: &str = "/ui/clients";
/// The settings.
pub(crate) const SETTINGS: &str = "/ui/settings";
/// The audit.
pub(crate) const AUDIT: &str = "/ui/audit";

/// What RFC 3986 does not reserve stays as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns a text for a segment of a path or a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Returns a path with these parameters, without those that are empty.
pub(crate) fn with_query(path: &str, params: &[(&str, &str)]) -> String {
    let pairs = params.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Returns the page of an intent.
pub(crate) fn intent(key: &IntentKey) -> String {
    let DigKey { project, composite_app, version, dig } = &key.dig;
    let names = [project, composite_app, version, dig, &key.name].map(|name| encoded(name));
    format!("{INTENTS}/{}", names.join("/"))
}

/// Returns a page about an intent: one of those below its own, or its own (empty).
pub(crate) fn of_intent(key: &IntentKey, page: &str, params: &[(&str, &str)]) -> String {
    let slash = if page.is_empty() { "" } else { "/" };
    with_query(&format!("{}{slash}{page}", intent(key)), params)
}

/// Returns the page of an alarm; with a word about what was done there.
pub(crate) fn alarm(id: &AlarmId, done: &str) -> String {
    with_query(&format!("{ALARMS}/{}", encoded(id.as_str())), &[("done", done)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_out_of_a_link_as_it_went_in() {
        for text in ["a/b c:1@(x) #é+&'\"|%2F?", ".", "..", "=&=", "\u{0}\n", "日本"] {
            let link = of_intent(&DigKey::new("p", "a", "v", "g").intent("i"), "run", &[("workflow", text)]);
            let url = url::Url::parse("http://bridge").unwrap().join(&link).unwrap();
            assert_eq!(url.query_pairs().next().unwrap().1, text);
            assert_eq!(url.path(), "/ui/intents/p/a/v/g/i/run");
        }
    }
}
