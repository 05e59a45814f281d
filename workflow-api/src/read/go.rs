//! JSON of no known type as Go keeps it: keys sorted, the last of repeated ones, numbers as 64-bit floats.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Number, Value};

use crate::write::{go_serializer, scientific};
use crate::{RawJson, cut, work};

/// Returns the JSON as Go writes it after it has read it.
///
/// # Errors
/// The first number that Go would change.
pub(crate) fn rewritten(json: &str) -> Result<RawJson, String> {
    work::count(json.len());
    if let Some(number) = numbers(json).find(|number| !survives(number)) {
        let number = cut(number);
        return Err(format!(
            "has the number {number}, which EMCO would round to 64-bit floating point: write it as a text"
        ));
    }
    let mut reading = serde_json::Deserializer::from_str(json);
    reading.disable_recursion_limit();
    // Each level for which the stack has no room gets another stack.
    let value =
        Value::deserialize(serde_stacker::Deserializer::new(&mut reading)).map_err(|e| e.to_string())?;
    let mut written = Vec::new();
    let result = AsGo(&value).serialize(serde_stacker::Serializer::new(&mut go_serializer(&mut written)));
    drop_levels(value);
    result.and_then(|()| RawJson::from_json(written)).map_err(|error| error.to_string())
}

/// Drops one level after the other. The drop of a value calls itself for every level.
fn drop_levels(value: Value) {
    let mut next = vec![value];
    while let Some(value) = next.pop() {
        match value {
            Value::Array(items) => next.extend(items),
            Value::Object(members) => next.extend(members.into_iter().map(|(_, member)| member)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

struct AsGo<'a>(&'a Value);

impl Serialize for AsGo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => as_float(number).serialize(serializer),
            Value::Array(items) => serializer.collect_seq(items.iter().map(AsGo)),
            Value::Object(members) => {
                let sorted: BTreeMap<_, _> = members.iter().map(|(key, value)| (key, AsGo(value))).collect();
                serializer.collect_map(sorted)
            }
            other => other.serialize(serializer),
        }
    }
}

/// An integer keeps its digits: [`survives`] has checked that the float has its value.
fn as_float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

/// Iterates over the numbers in valid JSON.
fn numbers(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit())?..];
            if let Some(text) = rest.strip_prefix('"') {
                rest = after_text(text);
                continue;
            }
            let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            rest = after;
            return Some(number);
        }
    })
}

/// What follows the text, whose opening quote has been read.
fn after_text(mut text: &str) -> &str {
    while let Some(at) = text.find(['"', '\\']) {
        let is_end = text[at..].starts_with('"');
        // A backslash and the first character that it escapes.
        text = text.get(at + if is_end { 1 } else { 2 }..).unwrap_or_default();
        if is_end {
            return text;
        }
    }
    ""
}

/// Whether a 64-bit float, as Go prints it, has the value of this number.
fn survives(number: &str) -> bool {
    number.parse().is_ok_and(|float: f64| {
        float.is_finite() && decimal(number).is_some_and(|value| Some(value) == decimal(&scientific(float)))
    })
}

/// Returns the digits of a number without zeros at their ends, and the power of ten by which they are multiplied.
fn decimal(number: &str) -> Option<(String, i64)> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some((String::new(), 0));
    }
    let shift = i64::try_from(digits.len() - significant.len()).ok()? - i64::try_from(fraction.len()).ok()?;
    Some((significant.to_owned(), exponent.parse::<i64>().ok()?.checked_add(shift)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_shortest_numbers_go_writes_the_even_one() {
        // The float is 210748081632237.125. Go 1.24 writes it as in the first line.
        assert_eq!(rewritten("210748081632237.12").unwrap().as_str(), "210748081632237.12");
        assert_eq!(rewritten("2.1074808163223712e14").unwrap().as_str(), "210748081632237.12");
        assert!(rewritten("210748081632237.13").is_err());
        assert_eq!(rewritten("210748081632237.38").unwrap().as_str(), "210748081632237.38");
    }
}
