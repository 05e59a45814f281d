//! What a JSON Schema says of a value: enough to read texts by it, and to tell what is wrong.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::schema::ALIASES;

/// Deeper than any sensible schema nests its alternatives; ends the walk of one that refers to itself.
const DEPTH: usize = 32;

/// A schema whose `$ref`s lead to its own root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guide<'a> {
    root: &'a Value,
}

/// One of the schemas of which a value must follow one; it is made of no others.
#[derive(Debug)]
pub(super) struct Alternative<'a> {
    pub(super) schema: &'a Value,
    /// Whether any value follows it.
    pub(super) open: bool,
    /// Its `type`s.
    pub(super) kinds: Vec<&'a str>,
    /// The values of an enum.
    pub(super) values: Option<Vec<&'a Value>>,
}

/// What a schema says of an object's members.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pub(super) known: Vec<Member<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    /// The schema of members with other names, where there may be such.
    pub(super) open: Option<&'a Value>,
    /// Whether members with other names are forbidden in so many words.
    pub(super) closed: bool,
}

/// A member that a schema knows.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    others: Vec<&'a str>,
    /// Several, by alternatives of the object.
    schemas: Vec<&'a Value>,
    alternatives: OnceLock<Vec<Alternative<'a>>>,
}

/// A schema, and what it says of the members of its object.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) guide: Guide<'a>,
    pub(super) members: Members<'a>,
}

impl<'a> Shape<'a> {
    pub(super) fn of(schema: &'a Value) -> Self {
        let guide = Guide { root: schema };
        Self { guide, members: guide.members(schema) }
    }

    pub(super) fn schema(&self) -> &'a Value {
        self.guide.root
    }
}

impl<'a> Alternative<'a> {
    fn of(schema: &'a Value) -> Self {
        let values = match schema.get("const") {
            Some(value) => Some(vec![value]),
            None => schema.get("enum").and_then(Value::as_array).map(|values| values.iter().collect()),
        };
        Self {
            schema,
            open: schema.as_bool() == Some(true) || schema.as_object().is_some_and(says_nothing),
            kinds: texts(schema.get("type")).collect(),
            values,
        }
    }
}

impl<'a> Member<'a> {
    /// The schemas of which its value must follow one.
    pub(super) fn alternatives(&self, guide: Guide<'a>) -> &[Alternative<'a>] {
        self.alternatives.get_or_init(|| guide.alternatives(&self.schemas))
    }
}

impl<'a> Members<'a> {
    /// What may be written as `name`.
    pub(super) fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.known.iter().find(|member| member.name == name || member.others.contains(&name))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.known.iter().map(|member| member.name)
    }

    fn add(&mut self, name: &'a str, schema: &'a Value) {
        let aliases = schema.get(ALIASES).and_then(Value::as_array).into_iter().flatten();
        let aliases = aliases.filter_map(Value::as_str);
        match self.known.iter_mut().find(|known| known.name == name) {
            Some(member) => {
                member.others.extend(aliases);
                member.schemas.push(schema);
            }
            None => self.known.push(Member {
                name,
                others: aliases.collect(),
                schemas: vec![schema],
                alternatives: OnceLock::new(),
            }),
        }
    }
}

impl<'a> Guide<'a> {
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
    pub(super) fn alternatives(&self, schemas: &[&'a Value]) -> Vec<Alternative<'a>> {
        let mut found = Vec::new();
        for schema in schemas {
            self.add_alternatives(schema, DEPTH, &mut found);
        }
        found
    }

    fn add_alternatives(&self, schema: &'a Value, depth: usize, found: &mut Vec<Alternative<'a>>) {
        let schema = self.resolve(schema);
        let branches =
            ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|word| schema.get(word)?.as_array());
        let mut branches = branches.flatten().peekable();
        // An object with alternatives is one value with several sets of members.
        let whole = branches.peek().is_none() || schema.get("properties").is_some();
        if whole || depth == 0 {
            found.push(Alternative::of(schema));
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
                for member in &of_branch.known {
                    member.schemas.iter().for_each(|schema| members.add(member.name, schema));
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
fn says_nothing(schema: &Map<String, Value>) -> bool {
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
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    value.into_iter().chain(list).filter_map(Value::as_str)
}
