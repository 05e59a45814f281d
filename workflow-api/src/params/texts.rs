//! Converts texts into the values of a schema.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use percent_encoding::percent_decode_str;
use serde_json::{Number, Value};

use super::duration::DURATION;
use crate::work;

/// The keyword for the other names of a property. JSON Schema has none.
pub(super) const ALIASES: &str = "x-aliases";
/// How many alternatives are tried for one text.
pub(super) const MOST: usize = 256;
/// How many items a list in the form `a, b, c` may have. A longer text stays a text.
const MOST_ITEMS: usize = 10_000;

/// The members that an object may have, by its schema.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    known: Vec<Member<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// The schemas of members with other names, if they are allowed.
    pub(super) open: Vec<&'a Value>,
}

/// A member that a schema names.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    /// Several, if the object has alternatives.
    pub(super) schemas: Vec<&'a Value>,
}

/// The names that any of several objects may have.
pub(super) struct Names<'a> {
    known: HashSet<&'a str>,
    any: bool,
}

impl<'a> Names<'a> {
    pub(super) fn of(schemas: &[&'a Value]) -> Self {
        let mut names = Self { known: HashSet::new(), any: false };
        for schema in schemas {
            let members = Members::new(schema);
            names.any |= !members.open.is_empty();
            names.known.extend(members.by_name.into_keys());
        }
        names
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.any || self.known.contains(name)
    }
}

impl<'a> Members<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        let mut members = Self::default();
        for part in parts(root, &[root]) {
            if part.get("properties").is_none() && part.get("additionalProperties").is_none() && is_open(part)
            {
                members.open.push(part);
            }
            let schemas = |word| part.get(word).and_then(Value::as_object).into_iter().flatten();
            schemas("properties").for_each(|(name, schema)| members.add(name, schema));
            let others = schemas("patternProperties").map(|(_, schema)| schema);
            let others = others.chain(part.get("additionalProperties"));
            members.open.extend(others.filter(|schema| **schema != Value::Bool(false)));
        }
        members
    }

    fn add(&mut self, name: &'a str, schema: &'a Value) {
        let index = *self.by_name.entry(name).or_insert_with(|| {
            self.known.push(Member { name, schemas: Vec::new() });
            self.known.len() - 1
        });
        self.known[index].schemas.push(schema);
        let aliases = schema.get(ALIASES).and_then(Value::as_array).into_iter().flatten();
        self.by_name.extend(aliases.filter_map(|alias| Some((alias.as_str()?, index))));
    }

    /// Returns the member that has `name` as one of its names.
    pub(super) fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.by_name.get(name).map(|index| &self.known[*index])
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.known.iter().map(|member| member.name)
    }
}

/// Iterates over the schemas that apply to the same value as `schemas`: they themselves, their alternatives,
/// and those to which they refer. Each comes once, so that this ends for a schema that refers to itself.
pub(super) fn parts<'a>(root: &'a Value, schemas: &[&'a Value]) -> impl Iterator<Item = &'a Value> {
    let mut seen = HashSet::new();
    let mut next: Vec<_> = schemas.iter().rev().copied().collect();
    std::iter::from_fn(move || {
        loop {
            let part = next.pop()?;
            if seen.insert(std::ptr::from_ref(part)) {
                let branches = ["anyOf", "oneOf", "allOf"].into_iter();
                let branches = branches.filter_map(|word| part.get(word)?.as_array()).flatten();
                next.extend(branches.rev());
                next.extend(target(root, part));
                return Some(part);
            }
        }
    })
}

/// Returns the schema to which a schema refers.
pub(super) fn target<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    let pointer = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
    root.pointer(&percent_decode_str(pointer).decode_utf8().ok()?)
}

/// Returns the schema of an item of a list, if there is one.
pub(super) fn item(schema: &Value, index: usize) -> Option<&Value> {
    let of_place = ["prefixItems", "items"].into_iter().find_map(|word| schema.get(word)?.get(index));
    of_place.or_else(|| schema.get("items"))
}

/// Returns the value that a text stands for by the schemas, of which it must follow one. A text that stands for none of
/// theirs stays a text.
///
/// # Errors
/// When the text begins like JSON and is none, where JSON is expected.
pub(super) fn value(root: &Value, schemas: &[&Value], text: &str) -> Result<Value, serde_json::Error> {
    let parts: Vec<_> = parts(root, schemas).take(MOST).collect();
    let has = |wanted: &str| parts.iter().any(|part| kinds(part).any(|kind| kind == wanted));
    if text.is_empty() && has("null") && !parts.iter().any(|part| is_free(part)) {
        return Ok(Value::Null);
    }
    // Of several alternatives, the first that accepts the text counts, as in serde.
    let text = Text { text, json: OnceCell::new() };
    let mut out_of_range = None;
    for part in &parts {
        for value in text.candidates(root, part) {
            if in_range(part, &value) {
                return Ok(value);
            }
            out_of_range.get_or_insert(value);
        }
    }
    let is_to_be_json = text.begins_like_json() && (has("array") || has("object"));
    match (out_of_range, text.json.into_inner()) {
        (Some(value), _) => Ok(value),
        (None, Some(Err(broken))) if is_to_be_json => Err(broken),
        (None, _) => Ok(text.text.into()),
    }
}

/// Whether a schema allows every text.
fn is_free(schema: &Value) -> bool {
    const WORDS: [&str; 4] = ["format", "pattern", "minLength", DURATION];
    kinds(schema).any(|kind| kind == "string")
        && choices(schema).is_none()
        && !WORDS.iter().any(|word| schema.get(word).is_some())
}

/// A text, which is parsed as JSON at most once.
struct Text<'a> {
    text: &'a str,
    json: OnceCell<Result<Value, serde_json::Error>>,
}

impl Text<'_> {
    fn parse(&self) -> Result<Value, serde_json::Error> {
        work::count(self.text.len());
        serde_json::from_str(self.text)
    }

    fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| self.parse()).as_ref().ok()
    }

    fn begins_like_json(&self) -> bool {
        self.text.trim_start().starts_with(['[', '{'])
    }

    /// Returns the values for which the text may stand by one schema, without its alternatives.
    fn candidates(&self, root: &Value, part: &Value) -> Vec<Value> {
        let text = self.text;
        if is_open(part) {
            return vec![self.json().cloned().unwrap_or_else(|| text.into())];
        }
        if let Some(choices) = choices(part) {
            work::count(choices.len());
            let same = |value: &&Value| match value {
                Value::String(own) => own == text,
                value => self.json() == Some(value),
            };
            return choices.iter().find(same).cloned().into_iter().collect();
        }
        let value = |kind| match kind {
            "boolean" => boolean(text).map(Value::Bool),
            "integer" => integer(text).map(Value::Number),
            "number" => number(text).map(Value::Number),
            "string" => Some(text.into()),
            "array" if text.is_empty() => Some(Value::Array(Vec::new())),
            "array" if !text.trim_start().starts_with('[') && !is_deep(root, part) => {
                Some(list(root, part, text))
            }
            "array" => self.json().filter(|value| value.is_array()).cloned(),
            "object" => self.json().filter(|value| value.is_object()).cloned(),
            _ => None,
        };
        kinds(part).filter_map(value).collect()
    }
}

/// Reads a list in the form `a, b, c`. A list in it would be JSON.
fn list(root: &Value, schema: &Value, text: &str) -> Value {
    let item = |(index, text): (usize, &str)| {
        let schemas = item(schema, index);
        let has_lists =
            parts(root, schemas.as_slice()).take(MOST).any(|part| kinds(part).any(|kind| kind == "array"));
        let value = if has_lists { Ok(text.into()) } else { value(root, schemas.as_slice(), text) };
        value.unwrap_or_else(|_| text.into())
    };
    if text.split(',').nth(MOST_ITEMS).is_some() {
        return text.into();
    }
    text.split(',').map(str::trim).enumerate().map(item).collect()
}

/// Whether all items of a list are lists or objects. Such a list must be JSON.
pub(super) fn is_deep(root: &Value, schema: &Value) -> bool {
    let items: Vec<_> = parts(root, item(schema, 0).as_slice()).take(MOST).collect();
    let mut kinds = items.iter().flat_map(|part| kinds(part)).filter(|kind| *kind != "null").peekable();
    kinds.peek().is_some() && kinds.all(|kind| matches!(kind, "array" | "object"))
}

/// Whether a schema allows any kind of value.
fn is_open(schema: &Value) -> bool {
    const WORDS: [&str; 7] = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"];
    schema == &Value::Bool(true)
        || schema.as_object().is_some_and(|schema| !WORDS.iter().any(|word| schema.contains_key(*word)))
}

/// Returns the values of an enum.
fn choices(schema: &Value) -> Option<&[Value]> {
    let one = schema.get("const").map(std::slice::from_ref);
    one.or_else(|| Some(schema.get("enum")?.as_array()?.as_slice()))
}

/// Iterates over the `type`s of a schema: a text, or the texts of a list.
fn kinds(schema: &Value) -> impl Iterator<Item = &str> {
    let kinds = schema.get("type");
    kinds.into_iter().chain(kinds.and_then(Value::as_array).into_iter().flatten()).filter_map(Value::as_str)
}

/// Reads what Go's `strconv.ParseBool` accepts.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Number> {
    text.parse::<i64>().map(Number::from).ok().or_else(|| text.parse::<u64>().map(Number::from).ok())
}

fn number(text: &str) -> Option<Number> {
    integer(text).or_else(|| Number::from_f64(text.parse().ok()?))
}

/// Whether a value, if it is an integer, is within the bounds of the schema.
fn in_range(schema: &Value, value: &Value) -> bool {
    let whole = |value: &Value| value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    let bound = |word| schema.get(word).and_then(whole);
    let Some(number) = whole(value) else { return true };
    bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
}
