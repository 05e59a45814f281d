//! The other names of a struct's fields (`#[serde(alias = "…")]`), of which a schema knows nothing.
//!
//! Serde's derived code tells the names it takes, and turns each into a variant of an enum, one variant to a field. Two
//! names with one variant are names of one field.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Pairs of another name and the name in `known` that it stands for.
pub(super) fn aliases<T: DeserializeOwned>(known: &[&str]) -> Vec<(&'static str, String)> {
    let mut names = Names(&[]);
    // Both stop at the first thing they learn.
    let _ = T::deserialize(&mut names);
    let nobodys = field::<T>("\0");
    let others = names.0.iter().filter(|name| !known.contains(name));
    others
        .filter_map(|name| {
            let field_of_name = field::<T>(name).filter(|field| Some(*field) != nobodys)?;
            let known = known.iter().find(|known| field::<T>(known) == Some(field_of_name))?;
            Some((*name, (*known).to_owned()))
        })
        .collect()
}

/// Something that is the same for all names of a field, and different for other fields.
fn field<T: DeserializeOwned>(name: &str) -> Option<u64> {
    let mut field = None;
    let _ = T::deserialize(Key { name, field: &mut field });
    field
}

fn stop() -> Error {
    Error::custom("enough is known")
}

/// Learns the names that a struct takes.
struct Names(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Names {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(stop())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0 = fields;
        Err(stop())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

/// Learns which field a name belongs to.
struct Key<'a> {
    name: &'a str,
    field: &'a mut Option<u64>,
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Key<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let key = seed.deserialize(StrDeserializer::<Error>::new(self.name))?;
        let mut hasher = DefaultHasher::new();
        discriminant(&key).hash(&mut hasher);
        *self.field = Some(hasher.finish());
        Err(stop())
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Error> {
        Err(stop())
    }
}
