//! A JSON value as it was written: members keep their order, and repeated keys stay repeated.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A JSON value before it is given a type.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(Number),
    /// A text
    String(String),
    /// A list
    Array(Vec<Node>),
    /// An object: its members in the order they were written
    Object(Vec<(String, Node)>),
}

impl Node {
    /// What kind of value this is, for a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a text",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The value as Go keeps JSON of no known type: keys sorted, the last of repeated ones, numbers as 64-bit floats.
    #[must_use]
    pub fn to_interface(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => interface_number(number),
            Self::String(text) => Value::String(text.clone()),
            Self::Array(items) => items.iter().map(Self::to_interface).collect(),
            Self::Object(members) => {
                let mut sorted = std::collections::BTreeMap::new();
                for (key, value) in members {
                    sorted.insert(key.clone(), value.to_interface());
                }
                Value::Object(sorted.into_iter().collect())
            }
        }
    }
}

/// Integers that a 64-bit float holds exactly print alike in both forms, so they may stay integers.
fn interface_number(number: &Number) -> Value {
    const EXACT: u64 = 1 << 53;
    if number.as_i64().is_some_and(|integer| integer.unsigned_abs() <= EXACT) {
        return Value::Number(number.clone());
    }
    match number.as_f64() {
        // No integer has the sign that Go keeps of a zero.
        Some(float) if float == 0.0 && float.is_sign_negative() => Value::from(float),
        #[expect(clippy::cast_possible_truncation, reason = "an integral float below 2^53 is exact")]
        Some(float) if float.fract() == 0.0 && float.abs() <= EXACT as f64 => Value::from(float as i64),
        Some(float) => Value::from(float),
        None => Value::Number(number.clone()),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// Few objects of ours have more members.
const USUAL: usize = 8;

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object = Vec::with_capacity(USUAL);
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Node::Object(object))
    }
}
