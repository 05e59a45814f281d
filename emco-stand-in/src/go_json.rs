//! JSON as Go's `encoding/json` reads it (EMCO-API §0.1).

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Why a body could not be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// There is no JSON value in it.
    Empty,
    /// It is not JSON, or not of the right shape. If the body breaks off, or a field has a value of the wrong
    /// type, the text is Go's, as far as our types have the names of Go's.
    Invalid(String),
}

/// Reads the first JSON value of `body`. The case of keys does not matter, `null` counts as absent, and
/// unknown keys are dropped.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    let invalid = |error: Error| Unreadable::Invalid(format!("json: {error}"));
    match serde_json::Deserializer::from_slice(body).into_iter::<Value>().next() {
        None => Err(Unreadable::Empty),
        Some(Err(error)) if error.is_eof() => Err(Unreadable::Invalid("unexpected EOF".to_owned())),
        Some(Err(error)) => Err(invalid(error)),
        Some(Ok(value)) => T::deserialize(Lenient { value, field: Field::default() }).map_err(invalid),
    }
}

/// Where in a document a value stands.
#[derive(Debug, Clone, Default)]
struct Field {
    /// The innermost struct's name.
    of: &'static str,
    /// The names of the fields down to the value.
    path: String,
}

/// A value whose objects are matched to structs as Go does it.
struct Lenient {
    value: Value,
    field: Field,
}

impl Lenient {
    fn at(value: Value, field: &Field) -> Self {
        Self { value, field: field.clone() }
    }

    fn mismatch(&self, wanted: &str) -> Error {
        let given = match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Number(number) if wanted == "int" => format!("number {number}"),
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        let Field { of, path } = &self.field;
        serde::de::Error::custom(format!(
            "cannot unmarshal {given} into Go struct field {of}.{path} of type {wanted}"
        ))
    }
}

impl<'de> IntoDeserializer<'de, Error> for Lenient {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let object = match self.value {
            Value::Null => serde_json::Map::new(),
            Value::Object(object) => object,
            // Serde would fill a struct from an array; Go does not.
            Value::Array(_) => return Err(serde::de::Error::invalid_type(Unexpected::Seq, &visitor)),
            other => return other.deserialize_any(visitor),
        };
        // As in Go, of several spellings of one key the last one counts.
        let mut matched = serde_json::Map::new();
        for (key, value) in object.into_iter().filter(|(_, value)| !value.is_null()) {
            if let Some(field) = fields.iter().find(|field| field.eq_ignore_ascii_case(&key)) {
                matched.insert((*field).to_owned(), value);
            }
        }
        let above = self.field.path;
        visitor.visit_map(MapDeserializer::new(matched.into_iter().map(|(key, value)| {
            let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
            (key, Self { value, field: Field { of: name, path } })
        })))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_string(String::new()),
            Value::String(text) => visitor.visit_string(text),
            _ => Err(self.mismatch("string")),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Null => visitor.visit_i64(0),
            value => match value.as_i64() {
                Some(number) => visitor.visit_i64(number),
                None => Err(self.mismatch("int")),
            },
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let field = self.field;
        match self.value {
            Value::Array(items) => visitor
                .visit_seq(SeqDeserializer::new(items.into_iter().map(|value| Self::at(value, &field)))),
            Value::Object(object) => visitor.visit_map(MapDeserializer::new(
                object.into_iter().map(|(key, value)| (key, Self::at(value, &field))),
            )),
            scalar => scalar.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Inner {
        clusterlabel: String,
        all_of: Vec<Inner>,
        values: BTreeMap<String, String>,
        list: Option<Vec<String>>,
    }

    #[test]
    fn keys_match_in_any_case_at_every_level_but_not_in_maps() {
        let read: Inner = decode(
            br#"{"ClusterLabel":"a","ALLOF":[{"CLUSTERLABEL":"b"}],"values":{"Key":"v"},"new":1} trailing"#,
        )
        .unwrap();
        assert_eq!((read.clusterlabel.as_str(), read.all_of[0].clusterlabel.as_str()), ("a", "b"));
        assert_eq!(read.values["Key"], "v");
    }

    #[test]
    fn null_is_the_zero_value() {
        assert_eq!(
            decode::<Inner>(br#"{"clusterlabel":null,"allOf":null,"values":null}"#).unwrap(),
            Inner::default()
        );
        assert_eq!(decode::<Inner>(b"null").unwrap(), Inner::default());
    }

    #[test]
    fn invalid_and_empty_bodies_are_distinguished() {
        assert!(matches!(decode::<Inner>(b" \n"), Err(Unreadable::Empty)));
        let invalid = |body: &[u8]| match decode::<Inner>(body) {
            Err(Unreadable::Invalid(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(invalid(br#"{"clusterlabel":"#), "unexpected EOF");
        assert_eq!(
            invalid(br#"{"allOf":[{"clusterlabel":7}]}"#),
            "json: cannot unmarshal number into Go struct field Inner.allOf.clusterlabel of type string"
        );
        assert!(invalid(b"[]").contains("invalid"));
        assert!(invalid(b"x").contains("expected value"));
    }
}
