//! A rule as JSON for people: over several lines, and times as text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};
use workflow_api::{Nanos, WorkflowRule};

use crate::schedules::in_words;

/// The fields of a rule that are times.
const TIMES: [&str; 11] = [
    "for",
    "clearFor",
    "every",
    "runningFor",
    "notStartedFor",
    "within",
    "pendingFor",
    "noPollersFor",
    "backlogOver",
    "startUnknownFor",
    "escalateAfter",
];

/// Returns a rule as its document has it; an empty text if it is deleted.
pub(crate) fn text(rule: Option<&WorkflowRule>) -> String {
    let mut json = Vec::new();
    let lines = Lines { pretty: PrettyFormatter::new(), key: String::new(), is_in_key: false };
    // Nothing is written but memory.
    let _ = rule.map(|rule| rule.serialize(&mut Serializer::with_formatter(&mut json, lines)));
    String::from_utf8(json).unwrap_or_default()
}

struct Lines<'a> {
    pretty: PrettyFormatter<'a>,
    /// The last key.
    key: String,
    is_in_key: bool,
}

macro_rules! over_lines {
    ($($name:ident($($argument:ident: $kind:ty)?)),+) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)?) -> io::Result<()> {
            self.pretty.$name(writer $(, $argument)?)
        }
    )+};
}

impl Formatter for Lines<'_> {
    over_lines!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_value(),
        end_object_value()
    );

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.key.clear();
        self.is_in_key = true;
        self.pretty.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.is_in_key = false;
        self.pretty.end_object_key(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        if self.is_in_key {
            self.key.push_str(text);
        }
        writer.write_all(text.as_bytes())
    }

    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, number: i64) -> io::Result<()> {
        if TIMES.contains(&self.key.as_str()) {
            write!(writer, "\"{}\"", in_words(Nanos::new(number)))
        } else {
            write!(writer, "{number}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_text_and_values_of_users_stay_as_they_are() {
        let json = r#"{"metadata":{"name":"late"},"spec":{"scope":{},"when":{"all":[{"runningFor":5400000000000},
            {"query":{"name":"q","equals":{"every": 123456789012345678901234567890}}}]},"for":1500000000,
            "then":[{"signal":{"name":"s","args":[{"within": 7}]}}]}}"#;
        let rule = workflow_api::read::<WorkflowRule>(json.as_bytes()).unwrap().value;
        let text = text(Some(&rule));
        for line in [
            "\"runningFor\": \"1h 30m\"",
            "\"for\": \"1s 500ms\"",
            "{\"every\": 123456789012345678901234567890}",
            "{\"within\": 7}",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert_eq!(workflow_api::read::<WorkflowRule>(text.as_bytes()).unwrap().value, rule);
    }
}
