//! Validates values by a schema that may come from any workflow client, within a bounded number of steps.

use jsonschema::{PatternOptions, ValidationError};
use serde_json::{Map, Value};

use super::duration::{DURATION, IsDuration};
use super::faults::masked;
use super::texts::{item, target};
use crate::{cut, work};

/// How many values and how many levels a schema may have.
const MOST_VALUES: usize = 10_000;
const DEEPEST_SCHEMA: usize = 128;
/// How many patterns a schema may have, and how large each may be when compiled, in bytes.
const MOST_PATTERNS: usize = 100;
const LARGEST_PATTERN: usize = 1 << 18;
/// How often a schema may be applied, part by part, and how deep. Some schemas apply themselves to one value without
/// end, others twice as often with each level of the value.
const MOST_STEPS: usize = 500_000;
const DEEPEST: usize = 512;

/// The error of a JSON Schema by which parameters cannot be validated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the JSON Schema of the parameters{of} cannot be used: {reason}")]
pub struct UnusableSchema {
    of: String,
    reason: String,
}

impl UnusableSchema {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { of: String::new(), reason: reason.into() }
    }

    /// Adds the activity, or the message, whose parameters it describes.
    pub(crate) fn of(self, activity: &str) -> Self {
        Self { of: format!(" of `{}`", cut(activity)), ..self }
    }
}

/// A compiled schema.
#[derive(Debug)]
pub(super) struct Validator<'a> {
    schema: &'a Value,
    compiled: jsonschema::Validator,
}

impl<'a> Validator<'a> {
    pub(super) fn new(schema: &'a Value) -> Result<Self, UnusableSchema> {
        inspect(schema)?;
        let options = jsonschema::options().offline().should_validate_formats(false);
        // Linear in the length of the text, whatever the pattern.
        let patterns = PatternOptions::regex().size_limit(LARGEST_PATTERN);
        let options =
            options.with_pattern_options(patterns).with_keyword(DURATION, |_, _, _| Ok(Box::new(IsDuration)));
        let compiled = options.build(schema).map_err(|error| {
            UnusableSchema::new(format!("at `#{}`: {}", cut(error.instance_path().as_str()), masked(&error)))
        })?;
        Ok(Self { schema, compiled })
    }

    /// Returns the errors of a value.
    ///
    /// # Errors
    /// When validation would take too many steps.
    pub(super) fn errors<'b>(
        &'b self,
        value: &'b Value,
    ) -> Result<impl Iterator<Item = ValidationError<'b>>, UnusableSchema> {
        if is_bounded(self.schema, value) {
            Ok(self.compiled.iter_errors(value))
        } else {
            Err(UnusableSchema::new(format!(
                "it takes over {MOST_STEPS} steps, or {DEEPEST} levels, to apply it to these parameters"
            )))
        }
    }
}

/// Refuses schemas that cannot be compiled, or have keywords that [`is_bounded`] does not follow.
fn inspect(schema: &Value) -> Result<(), UnusableSchema> {
    let mut next = vec![(schema, 0)];
    let (mut values, mut patterns) = (0, 0);
    while let Some((value, depth)) = next.pop() {
        values += 1;
        if values > MOST_VALUES || depth > DEEPEST_SCHEMA {
            return Err(UnusableSchema::new(format!(
                "it has more than {MOST_VALUES} values, or more than {DEEPEST_SCHEMA} levels"
            )));
        }
        for (word, member) in value.as_object().into_iter().flatten() {
            patterns += match (word.as_str(), member) {
                ("pattern", Value::String(_)) => 1,
                ("patternProperties", Value::Object(members)) => members.len(),
                _ => 0,
            };
            if patterns > MOST_PATTERNS {
                return Err(UnusableSchema::new(format!("it has more than {MOST_PATTERNS} patterns")));
            }
            let refused = match (word.as_str(), member.as_str()) {
                // To find what is left over, the library validates the parts of a schema again: with such schemas
                // inside each other, or inside themselves, again and again.
                ("unevaluatedProperties" | "unevaluatedItems", None) => depth > 0,
                ("$ref", Some("#" | "#/")) if has_leftovers(schema) => true,
                ("$ref", Some(_)) => target(schema, value).is_none(),
                ("$id", Some(_)) => depth > 0,
                ("$dynamicRef" | "$recursiveRef", Some(_)) => true,
                ("$schema", Some(draft)) => draft.contains("draft-04"),
                _ => false,
            };
            if refused {
                return Err(UnusableSchema::new(format!(
                    "`{word}` is not supported here; write references as `#/$defs/…`, `unevaluated…` at the top only, and draft 6 or later"
                )));
            }
            next.push((member, depth + 1));
        }
        next.extend(value.as_array().into_iter().flatten().map(|item| (item, depth + 1)));
    }
    Ok(())
}

fn has_leftovers(schema: &Value) -> bool {
    ["unevaluatedProperties", "unevaluatedItems"].iter().any(|word| schema.get(word).is_some())
}

/// Whether the schema is applied to `value` in a bounded number of steps. It follows the keywords of JSON
/// Schema that apply schemas, and counts some of them more than once.
fn is_bounded(root: &Value, value: &Value) -> bool {
    let mut next = vec![(root, value, 0)];
    let mut steps = 0;
    while let Some((schema, value, depth)) = next.pop() {
        let before = steps;
        steps += weight(schema);
        let members = value.as_object().filter(|_| applies_to(schema, &OF_MEMBERS));
        let items = value.as_array().filter(|_| applies_to(schema, &OF_ITEMS));
        steps += members.map_or(0, Map::len) + items.map_or(0, Vec::len);
        work::count(steps - before);
        if steps > MOST_STEPS || depth > DEEPEST {
            return false;
        }
        let mut apply = |schema, value| next.push((schema, value, depth + 1));
        let one = |words: &'static [&str]| words.iter().filter_map(|word| schema.get(*word));
        let several = |words| one(words).filter_map(Value::as_array).flatten();
        let named = |words| one(words).filter_map(Value::as_object).flat_map(|schemas| schemas.values());
        target(root, schema).into_iter().for_each(|schema| apply(schema, value));
        one(&["not", "if", "then", "else"]).for_each(|schema| apply(schema, value));
        several(&["anyOf", "oneOf", "allOf"]).for_each(|schema| apply(schema, value));
        named(&["dependentSchemas", "dependencies"]).for_each(|schema| apply(schema, value));
        for (name, member) in members.into_iter().flatten() {
            let own = schema.get("properties").and_then(|properties| properties.get(name));
            own.into_iter().for_each(|schema| apply(schema, member));
            named(&["patternProperties"]).for_each(|schema| apply(schema, member));
            one(&["additionalProperties", "unevaluatedProperties", "propertyNames"])
                .for_each(|schema| apply(schema, member));
        }
        for (index, member) in items.into_iter().flatten().enumerate() {
            item(schema, index).into_iter().for_each(|schema| apply(schema, member));
            one(&["contains", "additionalItems", "unevaluatedItems"])
                .for_each(|schema| apply(schema, member));
        }
    }
    true
}

/// The keywords that apply schemas to the members of an object, and to the items of a list.
const OF_MEMBERS: [&str; 5] =
    ["properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames"];
const OF_ITEMS: [&str; 5] = ["items", "prefixItems", "contains", "additionalItems", "unevaluatedItems"];

fn applies_to(schema: &Value, words: &[&str]) -> bool {
    words.iter().any(|word| schema.get(*word).is_some())
}

/// The work of applying a schema once, without the schemas inside it: its keywords, and the entries of lists
/// such as `enum`.
fn weight(schema: &Value) -> usize {
    let entries = |member: &Value| match member {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    schema.as_object().map_or(1, |members| 1 + members.len() + members.values().map(entries).sum::<usize>())
}
