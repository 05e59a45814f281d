//! [`FromJson`] for the plain values that our types are made of.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::{FromJson, Node, Reader};
use crate::RawJson;

impl FromJson for String {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => {}
            Node::String(text) => text.as_ref().clone_into(self),
            Node::Bool(_) | Node::Number(_) | Node::Array(_) | Node::Object(_) => {
                reader.mismatch("a text", node)
            }
        }
    }
}

impl FromJson for bool {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => {}
            Node::Bool(value) => *self = *value,
            Node::Number(_) | Node::String(_) | Node::Array(_) | Node::Object(_) => {
                reader.mismatch("true or false", node);
            }
        }
    }
}

impl FromJson for i64 {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => {}
            Node::Number(number) => match integer(number) {
                Some(integer) => *self = integer,
                None => reader.fault(format!("{number} is not a whole number of 64 bits")),
            },
            Node::Bool(_) | Node::String(_) | Node::Array(_) | Node::Object(_) => {
                reader.mismatch("a whole number", node);
            }
        }
    }
}

impl FromJson for i32 {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        let mut wide = i64::from(*self);
        wide.read_into(node, reader);
        match Self::try_from(wide) {
            Ok(narrow) => *self = narrow,
            Err(_) => reader.fault(format!("{wide} is not a whole number of 32 bits")),
        }
    }
}

impl FromJson for f64 {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => {}
            Node::Number(number) => match number.as_f64() {
                Some(float) => *self = float,
                None => reader.fault(format!("{number} is out of range")),
            },
            Node::Bool(_) | Node::String(_) | Node::Array(_) | Node::Object(_) => {
                reader.mismatch("a number", node)
            }
        }
    }
}

impl<T: FromJson + Default> FromJson for Option<T> {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => *self = None,
            Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Array(_) | Node::Object(_) => {
                self.get_or_insert_default().read_into(node, reader);
            }
        }
    }
}

impl<T: FromJson + Default> FromJson for Vec<T> {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => self.clear(),
            Node::Array(items) => {
                self.clear();
                for (index, item) in items.iter().enumerate() {
                    let mut value = T::default();
                    reader.at_index(index, |reader| value.read_into(item, reader));
                    self.push(value);
                }
            }
            Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Object(_) => {
                reader.mismatch("a list", node)
            }
        }
    }
}

/// Keys of a map are the caller's own, so their case counts.
impl<T: FromJson + Default> FromJson for BTreeMap<String, T> {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => self.clear(),
            Node::Object(members) => {
                for (key, item) in members {
                    let mut value = T::default();
                    reader.at_key(key, |reader| value.read_into(item, reader));
                    self.insert(key.clone().into_owned(), value);
                }
            }
            Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Array(_) => {
                reader.mismatch("an object", node)
            }
        }
    }
}

/// JSON of no known type: memo values, search attributes, arguments, details. As text, because values of many levels
/// overflow the stack of whoever walks them.
impl FromJson for RawJson {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match Self::of_node(node) {
            Ok(json) => *self = json,
            Err(error) => reader.fault(error.to_string()),
        }
    }
}

/// JSON that is looked into, such as a schema: of at most 128 levels, which the stack has room for.
impl FromJson for Value {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match RawJson::of_node(node).and_then(|json| serde_json::from_str(json.as_str())) {
            Ok(value) => *self = value,
            Err(error) => reader.fault(error.to_string()),
        }
    }
}

/// A whole number, also where a YAML tool wrote it with a fraction of zero or an exponent.
fn integer(number: &Number) -> Option<i64> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    number.as_i64().or_else(|| {
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
        number.as_f64().filter(|f| f.fract() == 0.0 && *f >= -BOUND && *f < BOUND).map(|f| f as i64)
    })
}
