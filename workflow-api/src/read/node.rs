//! A JSON value as it was written: members keep their order, and repeated keys stay repeated.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::{fmt, mem};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

/// A JSON value before it is given a type. Texts without escapes stay where they were read.
#[derive(Debug)]
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

    /// Moves the values that stand in this one to the end of `rest`.
    fn empty_into(&mut self, rest: &mut Vec<Self>) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::Array(items) => rest.append(items),
            Self::Object(members) => rest.extend(mem::take(members).into_iter().map(|(_, value)| value)),
        }
    }
}

/// Drops one value after the other: the drop that the compiler makes calls itself for every level.
impl Drop for Node<'_> {
    fn drop(&mut self) {
        let mut rest = Vec::new();
        self.empty_into(&mut rest);
        while let Some(mut node) = rest.pop() {
            node.empty_into(&mut rest);
        }
    }
}

/// Written as Go keeps JSON of no known type: keys sorted, the last of repeated ones, numbers as 64-bit floats.
impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => interface_number(number).serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let sorted: BTreeMap<&str, &Self> =
                    members.iter().map(|(key, value)| (key.as_ref(), value)).collect();
                serializer.collect_map(sorted)
            }
        }
    }
}

/// Integers that a 64-bit float holds exactly print alike in both forms, so they may stay integers.
fn interface_number(number: &Number) -> Number {
    const EXACT: u64 = 1 << 53;
    if number.as_i64().is_some_and(|integer| integer.unsigned_abs() <= EXACT) {
        return number.clone();
    }
    let Some(float) = number.as_f64() else { return number.clone() };
    // No integer has the sign that Go keeps of a zero.
    let negative_zero = float == 0.0 && float.is_sign_negative();
    if float.fract() == 0.0 && float.abs() <= EXACT as f64 && !negative_zero {
        #[expect(clippy::cast_possible_truncation, reason = "an integral float below 2^53 is exact")]
        return Number::from(float as i64);
    }
    Number::from_f64(float).unwrap_or_else(|| number.clone())
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NodeVisitor { levels: MAX_LEVELS }.deserialize(deserializer)
    }
}

/// The levels that Go's decoder takes.
const MAX_LEVELS: usize = 10_000;

/// Few objects of ours have more members.
const USUAL: usize = 8;

/// Reads a value of at most so many levels.
#[derive(Clone, Copy)]
struct NodeVisitor {
    levels: usize,
}

impl NodeVisitor {
    /// The visitor of what stands one level down.
    fn below<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1);
        let levels = levels.ok_or_else(|| E::custom(format_args!("it has more than {MAX_LEVELS} levels")))?;
        Ok(Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

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
        self.deserialize(deserializer)
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
        let below = self.below()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            array.push(item);
        }
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        let below = self.below()?;
        let mut object = Vec::with_capacity(USUAL);
        while let Some(Key(key)) = members.next_key()? {
            object.push((key, members.next_value_seed(below)?));
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
