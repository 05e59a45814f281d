//! A JSON value as it was written, which is read level by level.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::work;

/// A JSON value as it was written. It is valid, and only the parts that a type has are looked into.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a>(&'a RawValue);

/// The outermost level of a value. Members are in the order in which they were written, and repeated keys are repeated.
#[derive(Debug)]
pub enum Level<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written
    Number(&'a str),
    /// A text
    String(Cow<'a, str>),
    /// A list
    Array(Vec<Node<'a>>),
    /// An object
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    pub(crate) fn of(json: &'a RawValue) -> Self {
        Self(json)
    }

    /// Returns the value as it was written.
    #[must_use]
    pub fn json(self) -> &'a RawValue {
        self.0
    }

    /// Reads the outermost level.
    pub(super) fn level(self) -> Result<Level<'a>, serde_json::Error> {
        let json = self.0.get();
        work::count(json.len());
        Ok(match json.as_bytes().first() {
            Some(b'{') => Level::Object(serde_json::from_str::<Members<'a>>(json)?.0),
            Some(b'[') => {
                let items = serde_json::from_str::<Vec<&RawValue>>(json)?;
                Level::Array(items.into_iter().map(Self).collect())
            }
            Some(b'"') => Level::String(serde_json::from_str::<Text<'a>>(json)?.0),
            Some(b't') => Level::Bool(true),
            Some(b'f') => Level::Bool(false),
            Some(b'n') => Level::Null,
            _ => Level::Number(json),
        })
    }
}

impl Level<'_> {
    /// Names the kind of value, for messages.
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
}

/// A text, which is not copied if it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Members<'a>(Vec<(Cow<'a, str>, Node<'a>)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    members.push((key, Node(value)));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reading)
    }
}
