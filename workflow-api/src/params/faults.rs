//! The faults of parameters. Their messages contain no value.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::texts::is_deep;
use crate::read::child;
use crate::{Fault, cut, work};

/// Names that are less alike than this are not suggested for each other.
const ALIKE: f64 = 0.6;
/// Longer names are not compared with others.
const LONGEST_NAME: usize = 64;
/// With how many names an unknown one is compared, and how many known names or values a message lists.
const MOST_COMPARED: usize = 100;
const MOST_SHOWN: usize = 50;
/// How many of the reasons why a value matches none of several schemas are looked into.
const MOST_REASONS: usize = 1000;
/// A longer message of the author is not shown.
const LONGEST_MESSAGE: usize = 500;
/// Shorter values are not searched for in messages, because they may be parts of words.
const SHORTEST_SECRET: usize = 4;

/// Returns faults of several readings, each once: a parameter that two activities use is found twice.
pub fn each_once(faults: impl IntoIterator<Item = Fault>) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    faults.into_iter().filter(|fault| seen.insert(fault.to_string())).collect()
}

/// Converts errors of the validator into faults.
pub(super) struct Reporter<'a> {
    schema: &'a Value,
    /// Returns the path of the value that has an error.
    path: &'a dyn Fn(&ValidationError<'_>) -> String,
    reasons: Cell<usize>,
}

/// What is wrong at one path.
struct Flaw {
    path: String,
    /// The number of levels above it.
    depth: usize,
    /// Whether it is the mark that distinguishes the variants of an enum: a constant, or the name of the one member.
    is_tag: bool,
    what: What,
}

enum What {
    /// The value is none of these.
    Not(Vec<String>),
    /// The name is none of these.
    Unknown(String, Vec<String>),
    Other(String),
}

impl From<Flaw> for Fault {
    fn from(Flaw { path, what, .. }: Flaw) -> Self {
        let message = match what {
            What::Unknown(name, known) => unknown(&name, &known),
            What::Other(message) => message,
            What::Not(wanted) => match wanted.split_last() {
                None => "must be empty".to_owned(),
                Some((last, [])) => format!("must be {last}"),
                Some((last, others)) => format!("must be {} or {last}", others.join(", ")),
            },
        };
        Self::new(path, message)
    }
}

impl<'a> Reporter<'a> {
    pub(super) fn new(schema: &'a Value, path: &'a dyn Fn(&ValidationError<'_>) -> String) -> Self {
        Self { schema, path, reasons: Cell::new(0) }
    }

    pub(super) fn faults(&self, error: &ValidationError<'_>) -> Vec<Fault> {
        self.flaws(error).into_iter().map(Fault::from).collect()
    }

    fn flaws(&self, error: &ValidationError<'_>) -> Vec<Flaw> {
        self.reasons.set(self.reasons.get() + 1);
        if self.reasons.get() > MOST_REASONS {
            return Vec::new();
        }
        let path = (self.path)(error);
        let depth = error.instance_path().segments().count();
        let flaw = |path, what| Flaw { path, depth, is_tag: false, what };
        let other = |path, message: String| flaw(path, What::Other(message));
        match error.kind() {
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.of_alternatives(&path, depth, context)
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let missing = other(child(&path, name), "is missing".to_owned());
                vec![Flaw { is_tag: self.is_only_member(error, name), depth: depth + 1, ..missing }]
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let known = self.keyword(error, "properties").and_then(Value::as_object);
                let known: Vec<_> = known.into_iter().flat_map(|known| known.keys().cloned()).collect();
                let unknown = |name: &String| What::Unknown(name.clone(), known.clone());
                unexpected.iter().map(|name| flaw(child(&path, name), unknown(name))).collect()
            }
            ValidationErrorKind::PropertyNames { error } => {
                vec![other(path, format!("has a name that cannot be used: {}", masked(error)))]
            }
            ValidationErrorKind::FalseSchema => {
                let names = error.schema_path().as_str().ends_with("/additionalProperties");
                vec![other(path, if names { "must have no members" } else { "is not allowed" }.to_owned())]
            }
            kind => {
                let is_tag = match kind {
                    ValidationErrorKind::Constant { .. } => true,
                    ValidationErrorKind::Enum { options } => {
                        options.as_array().is_some_and(|all| all.len() == 1)
                    }
                    _ => false,
                };
                let what = self.wanted(error).map_or_else(|| What::Other(masked(error)), What::Not);
                vec![Flaw { is_tag, ..flaw(path, what) }]
            }
        }
    }

    /// Whether objects of the schema have this member and no other, like a variant of an enum in serde's own form.
    fn is_only_member(&self, error: &ValidationError<'_>, name: &str) -> bool {
        let members = self.keyword(error, "properties").and_then(Value::as_object);
        let is_closed = self.keyword(error, "additionalProperties") == Some(&Value::Bool(false));
        is_closed && members.is_some_and(|members| members.len() == 1 && members.contains_key(name))
    }

    /// Returns why a value matches none of several schemas.
    fn of_alternatives(
        &self,
        path: &str,
        depth: usize,
        alternatives: &[Vec<ValidationError<'_>>],
    ) -> Vec<Flaw> {
        let flaws = |errors: &Vec<_>| errors.iter().flat_map(|error| self.flaws(error)).collect();
        let mut alternatives: Vec<Vec<Flaw>> = alternatives.iter().map(flaws).collect();
        // Those that are not looked into any more have none.
        alternatives.retain(|flaws| !flaws.is_empty());
        // The alternatives that may have been meant: values of the right kind, and of these the variant that is named.
        keep_if_any(&mut alternatives, |flaws| !flaws.iter().any(|flaw| flaw.path == path));
        keep_if_any(&mut alternatives, |flaws| {
            !flaws.iter().any(|flaw| flaw.is_tag && flaw.depth == depth + 1)
        });
        // A path at which all of them have a flaw, such as that of an enum or of the tag of a struct.
        let mut having: HashMap<&str, usize> = HashMap::new();
        for flaws in &alternatives {
            let paths: HashSet<_> = flaws.iter().map(|flaw| flaw.path.as_str()).collect();
            paths.into_iter().for_each(|path| *having.entry(path).or_default() += 1);
        }
        let in_all = |flaw: &&Flaw| having.get(flaw.path.as_str()) == Some(&alternatives.len());
        let shared = alternatives.first().and_then(|first| first.iter().find(in_all));
        if let Some(path) = shared.map(|flaw| flaw.path.clone())
            && alternatives.len() > 1
        {
            return joined(alternatives, &path);
        }
        // Otherwise the one with the fewest flaws.
        alternatives.into_iter().min_by_key(Vec::len).unwrap_or_else(|| {
            let what = What::Other("matches none of the alternatives".to_owned());
            vec![Flaw { path: path.to_owned(), depth, is_tag: false, what }]
        })
    }

    /// Returns what is expected, if that is a kind of value or one of some values.
    fn wanted(&self, error: &ValidationError<'_>) -> Option<Vec<String>> {
        let kinds = match error.kind() {
            ValidationErrorKind::Constant { expected_value } => return Some(vec![quoted(expected_value)]),
            ValidationErrorKind::Enum { options } => {
                return Some(options.as_array()?.iter().take(MOST_SHOWN).map(quoted).collect());
            }
            ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => vec![*kind],
            ValidationErrorKind::Type { kind: TypeKind::Multiple(kinds) } => kinds.iter().collect(),
            ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. }
                if error.instance().is_i64() || error.instance().is_u64() =>
            {
                vec![JsonType::Integer]
            }
            _ => return None,
        };
        let is_text = error.instance_path().segments().count() == 1;
        let words = |kind| match kind {
            JsonType::Null => None,
            JsonType::Boolean => Some("true or false".to_owned()),
            JsonType::Integer => Some(match ["minimum", "maximum"].map(|word| self.keyword(error, word)) {
                [Some(least), Some(most)] => format!("an integer from {least} to {most}"),
                [Some(least), None] => format!("an integer from {least}"),
                [None, _] => "an integer".to_owned(),
            }),
            JsonType::Number => Some("a number".to_owned()),
            JsonType::String => Some("a text".to_owned()),
            JsonType::Array if is_text && self.is_deep(error) => Some("a list as JSON".to_owned()),
            JsonType::Array => Some("a list".to_owned()),
            JsonType::Object => Some("a JSON object".to_owned()),
        };
        Some(kinds.into_iter().filter_map(words).collect())
    }

    /// Whether the schema that an error comes from is that of a list that must be JSON.
    fn is_deep(&self, error: &ValidationError<'_>) -> bool {
        self.of(error).is_some_and(|schema| is_deep(self.schema, schema))
    }

    /// Another keyword of the schema that an error comes from.
    fn keyword(&self, error: &ValidationError<'_>, word: &str) -> Option<&Value> {
        self.of(error)?.get(word)
    }

    /// The schema that an error comes from.
    fn of(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let (schema, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(schema)
    }
}

/// Removes the items for which `is_likely` is false, unless it is false for all.
fn keep_if_any<T>(items: &mut Vec<T>, is_likely: impl Fn(&T) -> bool) {
    if items.iter().any(&is_likely) {
        items.retain(is_likely);
    }
}

/// Returns one flaw in place of those that all alternatives have at this path.
fn joined(alternatives: Vec<Vec<Flaw>>, path: &str) -> Vec<Flaw> {
    let there = |flaws: Vec<Flaw>| {
        let mut flaws: Vec<_> = flaws.into_iter().filter(|flaw| flaw.path == path).collect();
        // A constant implies the kind of value.
        keep_if_any(&mut flaws, |flaw| flaw.is_tag);
        flaws
    };
    let join = |left: Flaw, right: Flaw| {
        let what = match (left.what, right.what) {
            (What::Not(left), What::Not(right)) => What::Not(each_of(left, right)),
            (What::Unknown(name, left), What::Unknown(_, right)) => What::Unknown(name, each_of(left, right)),
            (left @ What::Other(_), _) => left,
            (_, right) => right,
        };
        Flaw { what, ..left }
    };
    alternatives.into_iter().flat_map(there).reduce(join).into_iter().collect()
}

/// Returns the texts of both lists, each once.
fn each_of(mut left: Vec<String>, right: Vec<String>) -> Vec<String> {
    let seen: HashSet<_> = left.iter().cloned().collect();
    left.extend(right.into_iter().filter(|text| !seen.contains(text)));
    left
}

/// Returns the message of the validator, without the value.
pub(super) fn masked(error: &ValidationError<'_>) -> String {
    error.masked_with("the value").to_string()
}

fn quoted(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string().into(), std::borrow::Cow::from);
    format!("`{}`", cut(&text))
}

/// Why serde does not make a type of `value`, although its schema allows it: a rule of the author's own, whose message
/// may quote the value. Quoted values become `…`. `form` is what the schema expects.
pub(super) fn of_type(error: &serde_json::Error, value: &Value, form: Option<&str>) -> String {
    let cause = cause(error, value);
    match form {
        Some(form) => format!("{cause}; write {form}"),
        None => cause,
    }
}

fn cause(error: &serde_json::Error, value: &Value) -> String {
    let message = error.to_string();
    let is_of_serde = message.starts_with("invalid ") || message.starts_with("unknown ");
    if let Some((_, expected)) = message.rsplit_once(", expected ").filter(|_| is_of_serde) {
        return format!("must be {expected}");
    }
    if message.len() > LONGEST_MESSAGE {
        return "cannot be used".to_owned();
    }
    let mut texts = Vec::new();
    leaves(value, &mut texts);
    // Dates quote the part that is wrong.
    let part = |(index, part): (usize, &'_ str)| {
        let is_long = part.len() >= SHORTEST_SECRET;
        let is_quoted = is_long && index % 2 == 1 && texts.iter().any(|text| text.contains(part));
        if is_quoted { "…".to_owned() } else { part.to_owned() }
    };
    let message = message.split('`').enumerate().map(part).collect::<Vec<_>>().join("`");
    texts.retain(|text| text.len() >= SHORTEST_SECRET);
    // Longer texts first: otherwise the rest of one that contains a shorter one would be shown.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    work::count(texts.len() * message.len() * 2);
    texts.iter().fold(format!("cannot be used: {message}"), |message, text| message.replace(text, "…"))
}

/// Collects the texts and numbers in a value, plain and as Rust quotes them.
fn leaves(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => texts.push(number.to_string()),
        Value::String(text) => texts.extend([text.clone(), text.escape_debug().to_string()]),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Value::Object(members) => members.values().for_each(|item| leaves(item, texts)),
    }
}

/// Returns the message for an unknown name, with the one that may have been meant.
pub(crate) fn unknown<S: AsRef<str>>(name: &str, known: &[S]) -> String {
    if name.len() > LONGEST_NAME {
        return "is not known".to_owned();
    }
    let names = known.iter().map(AsRef::as_ref).filter(|known| known.len() <= LONGEST_NAME);
    let likeness = |other: &str| {
        work::count(name.len() * other.len());
        strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase())
    };
    let compared = names.clone().take(MOST_COMPARED).map(|known| (likeness(known), known));
    match compared.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((likeness, known)) if likeness >= ALIKE => format!("is not known; did you mean `{known}`?"),
        Some(_) => {
            let more = if known.len() > MOST_SHOWN { ", …" } else { "" };
            let shown: Vec<_> = names.take(MOST_SHOWN).collect();
            format!("is not known; known are `{}`{more}", shown.join("`, `"))
        }
        None => "is not known; there are no parameters here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn few_of_many_reasons_are_looked_into() {
        let alternatives: Vec<_> = (0..5 * MOST_REASONS).map(|index| json!({"const": index})).collect();
        let schema = json!({"oneOf": alternatives});
        let validator = jsonschema::validator_for(&schema).unwrap();
        let (value, looks) = (json!("none of them"), Cell::new(0));
        let error = validator.iter_errors(&value).next().unwrap();
        let path = |_: &ValidationError<'_>| {
            looks.set(looks.get() + 1);
            "$".to_owned()
        };
        let faults = Reporter::new(&schema, &path).faults(&error);
        assert_eq!((faults.len(), looks.get()), (1, MOST_REASONS));
    }
}
