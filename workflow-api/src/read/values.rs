//! [`FromJson`] for the plain values of which our types are made.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{FromJson, Level, Node, Reader};
use crate::{RawJson, cut};

impl FromJson for String {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::String(text) => *self = text.into_owned(),
            other => reader.mismatch("a text", &other),
        }
    }
}

impl FromJson for bool {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::Bool(value) => *self = value,
            other => reader.mismatch("true or false", &other),
        }
    }
}

impl FromJson for i64 {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::Number(number) => match integer(number) {
                Some(integer) => *self = integer,
                None => reader.fault(format!("{} is not a whole number of 64 bits", cut(number))),
            },
            other => reader.mismatch("a whole number", &other),
        }
    }
}

impl FromJson for i32 {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        let mut wide = i64::from(*self);
        wide.read_into(node, reader);
        match Self::try_from(wide) {
            Ok(narrow) => *self = narrow,
            Err(_) => reader.fault(format!("{wide} is not a whole number of 32 bits")),
        }
    }
}

impl FromJson for f64 {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::Number(number) => match number.parse() {
                Ok(float) if Self::is_finite(float) => *self = float,
                _ => reader.fault(format!("{} is out of range", cut(number))),
            },
            other => reader.mismatch("a number", &other),
        }
    }
}

impl FromJson for Timestamp {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::String(text) => match text.parse() {
                Ok(time) => *self = time,
                Err(_) => reader.fault(format!(
                    "`{}` is not a time: write it as RFC 3339 does, such as 2026-12-31T23:00:00Z",
                    cut(&text)
                )),
            },
            other => reader.mismatch("a time as RFC 3339 writes it", &other),
        }
    }
}

impl<T: FromJson + Default> FromJson for Option<T> {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        if node.json().get() == "null" {
            *self = None;
        } else {
            self.get_or_insert_default().read_into(node, reader);
        }
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        (**self).read_into(node, reader);
    }
}

impl<T: FromJson + Default> FromJson for Vec<T> {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => self.clear(),
            Level::Array(items) => {
                self.clear();
                for (index, item) in items.into_iter().enumerate() {
                    let mut value = T::default();
                    reader.at_index(index, |reader| value.read_into(item, reader));
                    self.push(value);
                }
            }
            other => reader.mismatch("a list", &other),
        }
    }
}

/// Keys of a map are the caller's, so upper and lower case matters.
impl<T: FromJson + Default> FromJson for BTreeMap<String, T> {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => self.clear(),
            Level::Object(members) => {
                for (key, item) in members {
                    let mut value = T::default();
                    reader.at_key(&key, |reader| value.read_into(item, reader));
                    self.insert(key.into_owned(), value);
                }
            }
            other => reader.mismatch("an object", &other),
        }
    }
}

/// JSON that is passed on unread: arguments, details.
impl FromJson for RawJson {
    fn read_into(&mut self, node: Node<'_>, _: &mut Reader) {
        *self = Self::raw(node.json());
    }
}

/// JSON that is looked into, such as a schema. It has at most 128 levels, for which the stack has room.
impl FromJson for Value {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match serde_json::from_str(node.json().get()) {
            Ok(value) => *self = value,
            Err(error) => reader.fault(error.to_string()),
        }
    }
}

/// Reads a whole number, also one that a YAML tool wrote with a fraction of zero or an exponent.
fn integer(number: &str) -> Option<i64> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    number.parse().ok().or_else(|| {
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
        number.parse().ok().filter(|f: &f64| f.fract() == 0.0 && *f >= -BOUND && *f < BOUND).map(|f| f as i64)
    })
}
