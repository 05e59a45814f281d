//! What a JSON Schema says of a value: enough to read texts by it, and to tell what is wrong.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema::ALIASES;

/// Deeper than any sensible schema nests its alternatives; ends the walk of one that refers to itself.
const DEPTH: usize = 32;

/// A schema whose `$ref`s lead to its own root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guide<'a> {
    root: &'a Value,
}

/// What a schema says of an object's members.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    /// By name, with the other names of each. A name may have several schemas, by alternatives of the object.
    pub(super) known: Vec<(&'a str, Vec<&'a str>, Vec<&'a Value>)>,
    pub(super) required: BTreeSet<&'a str>,
    /// The schema of members with other names, where there may be such.
    pub(super) open: Option<&'a Value>,
    /// Whether members with other names are forbidden in so many words.
    pub(super) closed: bool,
}

impl<'a> Members<'a> {
    /// The first name and the schemas of what may be written as `name`.
    pub(super) fn get(&self, name: &str) -> Option<(&'a str, &[&'a Value])> {
        let named = |(first, others, _): &&(&'a str, Vec<&'a str>, Vec<&'a Value>)| {
            *first == name || others.contains(&name)
        };
        self.known.iter().find(named).map(|(first, _, schemas)| (*first, schemas.as_slice()))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.known.iter().map(|(name, ..)| *name)
    }

    fn add(&mut self, name: &'a str, schema: &'a Value) {
        let aliases = schema.get(ALIASES).and_then(Value::as_array).into_iter().flatten();
        let aliases = aliases.filter_map(Value::as_str);
        match self.known.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, others, schemas)) => {
                others.extend(aliases);
                schemas.push(schema);
            }
            None => self.known.push((name, aliases.collect(), vec![schema])),
        }
    }
}

impl<'a> Guide<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &'a Value {
        self.root
    }

    /// The schema itself, or the one that it refers to.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..DEPTH {
            let target =
                schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
            match target.and_then(|pointer| self.root.pointer(pointer)) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// The schemas of which a value must follow one, none of them made of others.
    pub(super) fn alternatives(&self, schemas: &[&'a Value]) -> Vec<&'a Value> {
        let mut found = Vec::new();
        for schema in schemas {
            self.add_alternatives(schema, DEPTH, &mut found);
        }
        found
    }

    fn add_alternatives(&self, schema: &'a Value, depth: usize, found: &mut Vec<&'a Value>) {
        let schema = self.resolve(schema);
        let branches =
            ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|word| schema.get(word)?.as_array());
        let mut branches = branches.flatten().peekable();
        // An object with alternatives is one value with several sets of members.
        let whole = branches.peek().is_none() || schema.get("properties").is_some();
        if whole || depth == 0 {
            found.push(schema);
        } else {
            branches.for_each(|branch| self.add_alternatives(branch, depth - 1, found));
        }
    }

    /// What the schema says of the members of an object.
    pub(super) fn members(&self, schema: &'a Value) -> Members<'a> {
        let mut members = Members::default();
        self.add_members(schema, DEPTH, &mut members);
        members
    }

    fn add_members(&self, schema: &'a Value, depth: usize, members: &mut Members<'a>) {
        let resolved = self.resolve(schema);
        let Some(schema) = resolved.as_object() else {
            if resolved == &Value::Bool(true) {
                members.open = Some(resolved);
            }
            return;
        };
        if depth == 0 {
            return;
        }
        if says_nothing(schema) {
            members.open = Some(resolved);
        }
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            members.add(name, property);
        }
        members.required.extend(texts(schema.get("required")));
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => members.closed = true,
            Some(open) => members.open = Some(open),
            None => {}
        }
        if let Some(patterns) = schema.get("patternProperties").and_then(Value::as_object) {
            members.open = patterns.values().next().or(members.open);
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add_members(part, depth - 1, members);
        }
        for word in ["anyOf", "oneOf"] {
            let Some(branches) = schema.get(word).and_then(Value::as_array) else { continue };
            let mut required: Option<BTreeSet<&str>> = None;
            for branch in branches {
                let mut of_branch = Members::default();
                self.add_members(branch, depth - 1, &mut of_branch);
                for (name, _, schemas) in &of_branch.known {
                    schemas.iter().for_each(|schema| members.add(name, schema));
                }
                members.open = of_branch.open.or(members.open);
                required = Some(match required {
                    Some(required) => required.intersection(&of_branch.required).copied().collect(),
                    None => of_branch.required,
                });
            }
            members.required.extend(required.unwrap_or_default());
        }
    }
}

/// Whether any value follows the schema.
pub(super) fn says_nothing(schema: &Map<String, Value>) -> bool {
    const WORDS: [&str; 10] = [
        "type",
        "properties",
        "additionalProperties",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "$ref",
    ];
    !WORDS.iter().any(|word| schema.contains_key(*word))
}

/// A text, or the texts of a list.
pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    value.into_iter().chain(list).filter_map(Value::as_str)
}
