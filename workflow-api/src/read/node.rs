//! A JSON value as it was written: members keep their order, and repeated keys stay repeated.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A JSON value before it is given a type. Texts without escapes stay where they were read.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(Number),
    /// A text
    String(Cow<'a, str>),
    /// A list
    Array(Vec<Self>),
    /// An object: its members in the order they were written
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl Node<'_> {
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
            Self::String(text) => Value::String(text.clone().into_owned()),
            Self::Array(items) => items.iter().map(Self::to_interface).collect(),
            Self::Object(members) => {
                let mut sorted = std::collections::BTreeMap::new();
                for (key, value) in members {
                    sorted.insert(key.clone().into_owned(), value.to_interface());
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

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// Few objects of ours have more members.
const USUAL: usize = 8;

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::String(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::String(text.to_owned().into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node<'de>, E> {
        Ok(Node::String(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        let mut object = Vec::with_capacity(USUAL);
        while let Some((Key(key), value)) = members.next_entry()? {
            object.push((key, value));
        }
        Ok(Node::Object(object))
    }
}

/// The name of a member.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(text.to_owned().into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Key<'de>, E> {
        Ok(Key(text.into()))
    }
}
