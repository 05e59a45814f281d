//! What is wrong with parameters, in words that contain no value.

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use crate::Fault;
use crate::read::child;

/// Names that are less alike than this are not meant for each other.
const ALIKE: f64 = 0.6;
/// Longer names are not compared with others.
const LONGEST_NAME: usize = 64;
/// How many bytes of a name a fault contains.
const SHOWN: usize = 200;
/// Shorter values are not searched for in messages: they are parts of words.
const SHORTEST_SECRET: usize = 4;

/// Faults of several readings, each once: what two activities fall back on is found twice.
pub fn each_once(faults: impl IntoIterator<Item = Fault>) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    faults.into_iter().filter(|fault| seen.insert(fault.to_string())).collect()
}

/// Turns errors of the validator into faults.
pub(super) struct Reporter<'a> {
    pub(super) schema: &'a Value,
    /// Gives the path of the value that an error is about.
    pub(super) path: &'a dyn Fn(&ValidationError<'_>) -> String,
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

impl Reporter<'_> {
    pub(super) fn faults(&self, error: &ValidationError<'_>) -> Vec<Fault> {
        self.flaws(error).into_iter().map(Fault::from).collect()
    }

    fn flaws(&self, error: &ValidationError<'_>) -> Vec<Flaw> {
        let path = (self.path)(error);
        let other = |path, message: String| Flaw { path, what: What::Other(message) };
        match error.kind() {
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.of_alternatives(&path, context)
            }
            ValidationErrorKind::Required { property } => {
                vec![other(below(&path, property.as_str().unwrap_or_default()), "is missing".to_owned())]
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let known = self.keyword(error, "properties").and_then(Value::as_object);
                let known: Vec<_> = known.into_iter().flat_map(|known| known.keys()).collect();
                unexpected.iter().map(|name| other(below(&path, name), unknown(name, &known))).collect()
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

    /// Why a value follows none of several schemas.
    fn of_alternatives(&self, path: &str, alternatives: &[Vec<ValidationError<'_>>]) -> Vec<Flaw> {
        let flaws = |errors: &Vec<_>| errors.iter().flat_map(|error| self.flaws(error)).collect();
        let mut alternatives: Vec<Vec<Flaw>> = alternatives.iter().map(flaws).collect();
        // What is wrong for all of them, such as the value of an enum or the tag of a struct.
        let at = |flaws: &[Flaw], path: &str| flaws.iter().position(|flaw| flaw.path == path);
        let shared = alternatives.first().and_then(|first| {
            let in_all = |flaw: &&Flaw| alternatives.iter().all(|flaws| at(flaws, &flaw.path).is_some());
            first.iter().find(in_all).map(|flaw| flaw.path.clone())
        });
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
        // Else the alternative that was most likely meant: what is wrong is inside the value, and little is wrong.
        let likely = |flaws: &&mut Vec<Flaw>| (!flaws.iter().any(|flaw| flaw.path != path), flaws.len());
        alternatives.iter_mut().min_by_key(likely).map(std::mem::take).unwrap_or_default()
    }

    /// What should stand where the error is, where that is a kind of value or one of some values.
    fn wanted(&self, error: &ValidationError<'_>) -> Option<Vec<String>> {
        let kinds = match error.kind() {
            ValidationErrorKind::Constant { expected_value } => return Some(vec![quoted(expected_value)]),
            ValidationErrorKind::Enum { options } => {
                return Some(options.as_array()?.iter().map(quoted).collect());
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

/// The message of the validator, without the value.
pub(super) fn masked(error: &ValidationError<'_>) -> String {
    error.masked_with("the value").to_string()
}

fn quoted(value: &Value) -> String {
    value.as_str().map_or_else(|| format!("`{value}`"), |text| format!("`{text}`"))
}

/// Why serde does not make a type of `value`, although its schema allows it: a rule of the author's own, whose message
/// may quote the value. Quoted values become `…`.
pub(super) fn of_type(error: &serde_json::Error, value: &Value) -> String {
    let message = error.to_string();
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("must be {expected}");
    }
    let mut texts = Vec::new();
    leaves(value, &mut texts);
    texts.retain(|text| text.len() >= SHORTEST_SECRET);
    // What a shorter text leaves of a longer one would be shown.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts.iter().fold(format!("cannot be used: {message}"), |message, text| message.replace(text, "…"))
}

/// The texts and numbers in a value, as they are and as Rust quotes them.
fn leaves(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => texts.push(number.to_string()),
        Value::String(text) => texts.extend([text.clone(), text.escape_debug().to_string()]),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Value::Object(members) => members.values().for_each(|item| leaves(item, texts)),
    }
}

/// `name` below `path`, cut where it is too long to be one.
pub(super) fn below(path: &str, name: &str) -> String {
    child(path, &cut(name))
}

/// A name as a fault shows it.
pub(super) fn cut(name: &str) -> String {
    let shown = &name[..name.floor_char_boundary(SHOWN)];
    if shown.len() < name.len() { format!("{shown}…") } else { name.to_owned() }
}

/// The message for a name that is not known, with the one that may have been meant.
pub(super) fn unknown<S: AsRef<str>>(name: &str, known: &[S]) -> String {
    let likeness =
        |other: &str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let names = known.iter().map(AsRef::as_ref);
    let nearest =
        || names.clone().map(|known| (likeness(known), known)).max_by(|(a, _), (b, _)| a.total_cmp(b));
    if name.len() > LONGEST_NAME {
        return "is not known".to_owned();
    }
    match nearest() {
        Some((likeness, known)) if likeness >= ALIKE => format!("is not known; did you mean `{known}`?"),
        Some(_) => format!("is not known; known are `{}`", names.collect::<Vec<_>>().join("`, `")),
        None => "is not known; there are no parameters here".to_owned(),
    }
}
