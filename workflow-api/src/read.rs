//! Reads JSON as leniently as Go's decoder, and reports more than it does.
//!
//! EMCO's callers rely on Go's rules (EMCO-API §0.1): upper and lower case in keys does not matter, `null`
//! leaves a value unchanged, and only the first JSON value of a body counts. Unlike Go, reading continues
//! after a fault, so that a caller gets all of them together, and unknown keys are reported. The work is
//! linear in the length of the body.

pub(crate) mod go;
mod node;
mod object;
mod spelling;
mod surrogates;
mod values;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

pub use node::{Level, Node};
pub(crate) use object::{object, request};
use serde::Deserialize;
use serde_json::value::RawValue;
pub use spelling::Spelling;

use crate::faults::Faults;
use crate::{Fault, MOST_FAULTS, cut, work};

/// As many levels as Go's decoder accepts.
const MOST_LEVELS: usize = 10_000;

/// What was read, and the paths of unknown keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// The value.
    pub value: T,
    /// JSON paths (`$.spec.foo`) of unknown or repeated keys, in order: at most [`MOST_FAULTS`].
    pub unknown: Vec<String>,
    /// How known keys were written, for the paths of faults that are found later.
    pub spelling: Spelling,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no body.
    #[error("the body is empty; send a JSON object, `{{}}` at least")]
    Empty,
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    Malformed(String),
    /// The body is JSON of the wrong shape.
    #[error("{}", summary(.0))]
    Faults(Vec<Fault>),
}

impl ReadError {
    /// Returns the faults by JSON path. The root `$` stands for a body that is not JSON.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        match self {
            Self::Faults(faults) => faults,
            other @ (Self::Empty | Self::Malformed(_)) => vec![Fault::new("$", other.to_string())],
        }
    }
}

fn summary(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ")
}

/// A type that can be read by Go's rules.
pub trait FromJson {
    /// Reads `node` into `self`. As in Go, fields that `node` does not have do not change.
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader);
}

/// Reads the first JSON value of `body`.
///
/// # Errors
/// [`ReadError`] when there is no body, it is not JSON, or parts of it have the wrong type.
pub fn read<T: FromJson + Default>(body: &[u8]) -> Result<Read<T>, ReadError> {
    work::count(body.len());
    // Go reads an ill-formed byte as U+FFFD rather than refusing the body.
    let text = str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    let text = surrogates::paired(&text);
    read_node(first_value(&text)?).map_err(ReadError::Faults)
}

fn first_value(text: &str) -> Result<Node<'_>, ReadError> {
    if text.trim_ascii().is_empty() {
        return Err(ReadError::Empty);
    }
    if levels(text) > MOST_LEVELS {
        return Err(ReadError::Malformed(format!("it has more than {MOST_LEVELS} levels")));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = <&RawValue>::deserialize(&mut json);
    value.map(Node::of).map_err(|error| ReadError::Malformed(error.to_string()))
}

/// Returns how many levels the first value has, or would have if it were complete.
fn levels(text: &str) -> usize {
    let (mut level, mut deepest, mut in_text) = (0_usize, 0, false);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => _ = bytes.next(),
            b'[' | b'{' if !in_text => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' if !in_text => {
                level = level.saturating_sub(1);
                if level == 0 {
                    break;
                }
            }
            _ => {}
        }
    }
    deepest
}

pub(crate) fn read_node<T: FromJson + Default>(node: Node<'_>) -> Result<Read<T>, Vec<Fault>> {
    let mut reader = Reader::default();
    let mut value = T::default();
    value.read_into(node, &mut reader);
    if reader.faults.is_empty() {
        Ok(Read { value, unknown: reader.unknown, spelling: reader.spelling })
    } else {
        Err(reader.faults.into_list())
    }
}

/// The state of reading: the present path, and what was found so far.
#[derive(Debug)]
pub struct Reader {
    /// The path as it is written in the body.
    path: String,
    /// The same path with the names of our types.
    named: String,
    faults: Faults,
    unknown: Vec<String>,
    spelling: Spelling,
}

impl Default for Reader {
    fn default() -> Self {
        let root = || "$".to_owned();
        let (faults, unknown, spelling) = Default::default();
        Self { path: root(), named: root(), faults, unknown, spelling }
    }
}

impl Reader {
    /// Reads the outermost level of `node`. A part that cannot be read is a fault, and counts as null.
    pub fn level<'a>(&mut self, node: Node<'a>) -> Level<'a> {
        node.level().unwrap_or_else(|error| {
            self.fault(error.to_string());
            Level::Null
        })
    }

    /// Adds a fault at the present path.
    pub fn fault(&mut self, message: impl Into<String>) {
        let path = &self.path;
        self.faults.push(|| Fault::new(path.clone(), message));
    }

    /// Adds the fault that `expected` should be in the place of `found`.
    pub fn mismatch(&mut self, expected: &str, found: &Level<'_>) {
        self.fault(format!("must be {expected}, not {}", found.kind()));
    }

    /// Reads the members of an object. `member` returns whether it knows the key. `null` has no members.
    pub(crate) fn members(
        &mut self,
        node: Node<'_>,
        mut member: impl FnMut(Key<'_>, Node<'_>, &mut Self) -> bool,
    ) {
        match self.level(node) {
            Level::Null => {}
            Level::Object(members) => {
                let mut seen = HashSet::new();
                for (key, value) in &members {
                    let folded = folded(key);
                    let known = member(Key { folded: &folded, written: key }, *value, self);
                    if (!seen.insert(folded) || !known) && self.unknown.len() < MOST_FAULTS {
                        self.unknown.push(child(&self.path, key));
                    }
                }
            }
            other => self.mismatch("an object", &other),
        }
    }

    /// Calls `read` one level deeper, at `key`.
    pub(crate) fn at_key(&mut self, key: &str, read: impl FnOnce(&mut Self)) {
        self.within(|path| push_child(path, key), |path| push_child(path, key), read);
    }

    /// Calls `read` one level deeper, at the field `name`, whose key may be written in another case.
    pub(crate) fn at_field(&mut self, name: &str, written: &str, read: impl FnOnce(&mut Self)) {
        let read = |reader: &mut Self| {
            let written = (name != written).then_some(reader.path.as_str());
            reader.spelling.note(&reader.named, written);
            read(reader);
        };
        self.within(|path| push_child(path, written), |path| push_child(path, name), read);
    }

    /// Calls `read` one level deeper, at the position `index` of an array.
    pub(crate) fn at_index(&mut self, index: usize, read: impl FnOnce(&mut Self)) {
        // Writing to a string does not fail.
        let push = |path: &mut String| {
            let _ = write!(path, "[{index}]");
        };
        self.within(push, push, read);
    }

    /// Calls `read` one level deeper, and returns to the present paths.
    fn within(
        &mut self,
        push_written: impl FnOnce(&mut String),
        push_named: impl FnOnce(&mut String),
        read: impl FnOnce(&mut Self),
    ) {
        let parents = (self.path.len(), self.named.len());
        push_written(&mut self.path);
        push_named(&mut self.named);
        work::count(self.path.len() - parents.0 + self.named.len() - parents.1);
        read(self);
        self.path.truncate(parents.0);
        self.named.truncate(parents.1);
    }
}

/// A key of an object.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    /// As [`folded`] returns it.
    pub(crate) folded: &'a str,
    pub(crate) written: &'a str,
}

/// Returns the path of `key` below `path`. Keys that are not plain are quoted (RFC 9535 §2.3.1), and long ones are cut.
pub fn child(path: &str, key: &str) -> String {
    let mut path = path.to_owned();
    push_child(&mut path, key);
    path
}

fn push_child(path: &mut String, key: &str) {
    let key = cut(key);
    let is_plain = |c: char| matches!(c, '_' | '-') || c.is_alphanumeric();
    if !key.is_empty() && key.chars().all(is_plain) {
        path.push('.');
        path.push_str(&key);
    } else {
        // Writing to a string does not fail.
        let _ = write!(path, "[{key:?}]");
    }
}

/// Returns a key as Go compares it, by simple Unicode folding. ASCII letters are in lower case.
fn folded(key: &str) -> Cow<'_, str> {
    work::count(key.len());
    if key.is_ascii() {
        let plain = !key.bytes().any(|byte| byte.is_ascii_uppercase());
        return if plain { key.into() } else { key.to_ascii_lowercase().into() };
    }
    // `ſ` and the Kelvin sign fold with `s` and `k`: upper case first, then lower case converts both.
    let upper = |c: char| single(c.to_uppercase()).unwrap_or(c);
    let lower = |c: char| single(c.to_lowercase()).unwrap_or(c);
    key.chars().map(upper).map(lower).collect()
}

/// Returns the character, if there is exactly one.
fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}
