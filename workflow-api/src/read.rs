//! Reading JSON as leniently as Go's decoder does, and saying more than it does.
//!
//! EMCO's callers count on Go's rules (EMCO-API §0.1): keys match without regard to case, `null` leaves a value as it
//! is, only the first JSON value of a body counts. Unlike Go, reading goes on after a fault, so that a caller learns
//! all of them at once, and keys nobody knows are reported instead of dropped in silence.

mod node;
mod object;
mod surrogates;
mod values;

use std::borrow::Cow;
use std::fmt::Write;

pub use node::Node;
pub(crate) use object::{object, request};
use serde::Deserialize;

use crate::problem::Fault;

/// What was read, and the paths of the keys that nobody knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// The value.
    pub value: T,
    /// JSON paths (`$.spec.foo`) of unknown or repeated keys, in order of appearance.
    pub unknown: Vec<String>,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There was no body.
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
    /// The faults by JSON path; the root `$` stands for a body that is not JSON at all.
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
    /// Reads `node` into `self`: what `node` does not mention stays as it is, as in Go.
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader);
}

/// Reads the first JSON value of `body`.
///
/// # Errors
/// [`ReadError`] when there is no body, it is not JSON, or any part of it has the wrong type; then all are listed.
pub fn read<T: FromJson + Default>(body: &[u8]) -> Result<Read<T>, ReadError> {
    // Go reads an ill-formed byte as U+FFFD rather than refusing the body.
    let text = str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    let text = surrogates::paired(&text);
    read_node(&first_value(&text)?).map_err(ReadError::Faults)
}

/// Apart from [`read`], so that it is compiled once, in this crate, for speed.
fn first_value(text: &str) -> Result<Node<'_>, ReadError> {
    if text.trim_ascii().is_empty() {
        return Err(ReadError::Empty);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    // `Node` has a bound of its own, and each level that the stack has no room for gets another stack.
    json.disable_recursion_limit();
    Node::deserialize(serde_stacker::Deserializer::new(&mut json)).map_err(|error| {
        let message = error.to_string();
        // Such a number is JSON, but no value of ours can hold it.
        if message.starts_with("number out of range") {
            ReadError::Faults(vec![Fault::new("$", message)])
        } else {
            ReadError::Malformed(message)
        }
    })
}

pub(crate) fn read_node<T: FromJson + Default>(node: &Node<'_>) -> Result<Read<T>, Vec<Fault>> {
    let mut reader = Reader { path: "$".to_owned(), faults: Vec::new(), unknown: Vec::new() };
    let mut value = T::default();
    value.read_into(node, &mut reader);
    if reader.faults.is_empty() { Ok(Read { value, unknown: reader.unknown }) } else { Err(reader.faults) }
}

/// Where reading stands, and what it has found so far.
#[derive(Debug)]
pub struct Reader {
    path: String,
    faults: Vec<Fault>,
    unknown: Vec<String>,
}

impl Reader {
    /// Notes a fault at the present place.
    pub fn fault(&mut self, message: impl Into<String>) {
        self.faults.push(Fault::new(self.path.clone(), message));
    }

    /// Notes that `expected` should stand where `found` does.
    pub fn mismatch(&mut self, expected: &str, found: &Node<'_>) {
        self.fault(format!("must be {expected}, not {}", found.kind()));
    }

    /// Walks the members of an object; `member` says whether it knows a key. `null` has none.
    pub(crate) fn members(
        &mut self,
        node: &Node<'_>,
        mut member: impl FnMut(&str, &Node<'_>, &mut Self) -> bool,
    ) {
        match node {
            Node::Null => {}
            Node::Object(members) => {
                for (position, (key, value)) in members.iter().enumerate() {
                    let repeated = members[..position].iter().any(|(earlier, _)| same_key(earlier, key));
                    if !member(key, value, self) || repeated {
                        let path = child(&self.path, key);
                        self.unknown.push(path);
                    }
                }
            }
            Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Array(_) => {
                self.mismatch("an object", node);
            }
        }
    }

    /// Does `read` one step down, at `key`.
    pub(crate) fn at_key(&mut self, key: &str, read: impl FnOnce(&mut Self)) {
        let parent = self.path.len();
        push_child(&mut self.path, key);
        self.within(parent, read);
    }

    /// Does `read` one step down, at the position `index` of an array.
    pub(crate) fn at_index(&mut self, index: usize, read: impl FnOnce(&mut Self)) {
        let parent = self.path.len();
        // Writing to a text does not fail.
        let _ = write!(self.path, "[{index}]");
        self.within(parent, read);
    }

    /// Does `read` where the path leads now, and goes back to the first `parent` bytes of it.
    fn within(&mut self, parent: usize, read: impl FnOnce(&mut Self)) {
        read(self);
        self.path.truncate(parent);
    }
}

/// `key` below `path`; keys that would not read well after a dot are quoted (RFC 9535 §2.3.1).
pub(crate) fn child(path: &str, key: &str) -> String {
    let mut path = path.to_owned();
    push_child(&mut path, key);
    path
}

fn push_child(path: &mut String, key: &str) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || c.is_alphanumeric();
    let plain = !key.is_empty() && key.chars().all(is_plain);
    if plain {
        path.push('.');
        path.push_str(key);
    } else {
        // Writing to a text does not fail.
        let _ = write!(path, "[{key:?}]");
    }
}

/// Whether Go takes both for the same key: equal under simple Unicode folding.
pub(crate) fn same_key(left: &str, right: &str) -> bool {
    // `ſ` and the Kelvin sign fold with `s` and `k`: upper case first, then lower, brings both over.
    let fold = |text: &str| -> String {
        text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
    };
    left.eq_ignore_ascii_case(right) || (!(left.is_ascii() && right.is_ascii()) && fold(left) == fold(right))
}
