//! The faults of parameters. Their messages contain no value.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

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
    what: What,
}

enum What {
    /// The value is none of these.
    Not(Vec<String>),
    Other(String),
}

impl From<Flaw> for Fault {
    fn from(Flaw { path, what }: Flaw) -> Self {
        let message = match what {
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
        let other = |path, message: String| Flaw { path, what: What::Other(message) };
        match error.kind() {
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.of_alternatives(&path, context)
            }
            ValidationErrorKind::Required { property } => {
                vec![other(child(&path, property.as_str().unwrap_or_default()), "is missing".to_owned())]
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let known = self.keyword(error, "properties").and_then(Value::as_object);
                let known: Vec<_> = known.into_iter().flat_map(|known| known.keys()).collect();
                unexpected.iter().map(|name| other(child(&path, name), unknown(name, &known))).collect()
            }
            ValidationErrorKind::PropertyNames { error } => {
                vec![other(path, format!("has a name that cannot be used: {}", masked(error)))]
            }
            ValidationErrorKind::FalseSchema => {
                let names = error.schema_path().as_str().ends_with("/additionalProperties");
                vec![other(path, if names { "must have no members" } else { "is not allowed" }.to_owned())]
            }
            _ => match self.wanted(error) {
                Some(wanted) => vec![Flaw { path, what: What::Not(wanted) }],
                None => vec![other(path, masked(error))],
            },
        }
    }

    /// Returns why a value matches none of several schemas.
    fn of_alternatives(&self, path: &str, alternatives: &[Vec<ValidationError<'_>>]) -> Vec<Flaw> {
        let flaws = |errors: &Vec<_>| errors.iter().flat_map(|error| self.flaws(error)).collect();
        let mut alternatives: Vec<Vec<Flaw>> = alternatives.iter().map(flaws).collect();
        // A path at which all of them have a flaw, such as that of an enum or of the tag of a struct.
        let mut having: HashMap<&str, usize> = HashMap::new();
        for flaws in &alternatives {
            let paths: HashSet<_> = flaws.iter().map(|flaw| flaw.path.as_str()).collect();
            paths.into_iter().for_each(|path| *having.entry(path).or_default() += 1);
        }
        let in_all = |flaw: &&Flaw| having.get(flaw.path.as_str()) == Some(&alternatives.len());
        let shared = alternatives.first().and_then(|first| first.iter().find(in_all));
        let shared = shared.map(|flaw| flaw.path.clone());
        if let Some(path) = shared {
            let mut wanted = Vec::new();
            for flaw in alternatives.iter().flatten().filter(|flaw| flaw.path == path) {
                match &flaw.what {
                    What::Not(more) => wanted.extend_from_slice(more),
                    What::Other(message) => return vec![Flaw { path, what: What::Other(message.clone()) }],
                }
            }
            let mut seen = BTreeSet::new();
            wanted.retain(|want| seen.insert(want.clone()));
            return vec![Flaw { path, what: What::Not(wanted) }];
        }
        // Otherwise the alternative that was most likely meant: its flaws are inside the value, and few.
        let likely = |flaws: &&mut Vec<Flaw>| (!flaws.iter().any(|flaw| flaw.path != path), flaws.len());
        alternatives.iter_mut().min_by_key(likely).map(std::mem::take).unwrap_or_default()
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
            JsonType::Array => Some("a list".to_owned()),
            JsonType::Object => Some("a JSON object".to_owned()),
        };
        Some(kinds.into_iter().filter_map(words).collect())
    }

    /// Another keyword of the schema that an error comes from.
    fn keyword(&self, error: &ValidationError<'_>, word: &str) -> Option<&Value> {
        let (schema, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(schema)?.get(word)
    }
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
/// may quote the value. Quoted values become `…`.
pub(super) fn of_type(error: &serde_json::Error, value: &Value) -> String {
    let message = error.to_string();
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("must be {expected}");
    }
    if message.len() > LONGEST_MESSAGE {
        return "cannot be used".to_owned();
    }
    let mut texts = Vec::new();
    leaves(value, &mut texts);
    texts.retain(|text| text.len() >= SHORTEST_SECRET);
    // Longer texts first: otherwise the rest of one that contains a shorter one would be shown.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    work::count(texts.len() * message.len());
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
