//! The other names of a struct's fields (`#[serde(alias = "…")]`), which a schema does not have.
//!
//! Serde's derived code passes the names that it takes to the deserializer, and turns each name into a variant of an
//! enum, one variant for each field. Two names with the same variant belong to one field.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Returns pairs of another name and the name in `known` that it stands for.
pub(super) fn aliases<T: DeserializeOwned>(known: &[&str]) -> Vec<(&'static str, String)> {
    let field = |name| Probe::of::<T>(name).field;
    let unknown = Probe::of::<T>("\0");
    let others = unknown.names.iter().filter(|name| !known.contains(name));
    others
        .filter_map(|name| {
            let field_of_name = field(name).filter(|field| Some(*field) != unknown.field)?;
            let known = known.iter().find(|known| field(known) == Some(field_of_name))?;
            Some((*name, (*known).to_owned()))
        })
        .collect()
}

/// What can be learned of a struct by giving it one member.
struct Probe<'a> {
    name: &'a str,
    /// All names that the struct takes.
    names: &'static [&'static str],
    /// A value that is equal for all names of one field.
    field: Option<u64>,
}

impl<'a> Probe<'a> {
    fn of<T: DeserializeOwned>(name: &'a str) -> Self {
        let mut probe = Self { name, names: &[], field: None };
        // Always fails: it ends as soon as the field is known.
        let _ = T::deserialize(&mut probe);
        probe
    }
}

impl<'de> Deserializer<'de> for &mut Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.names = names;
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
        tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for &mut Probe<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let key = seed.deserialize(StrDeserializer::<Error>::new(self.name))?;
        let mut hasher = DefaultHasher::new();
        discriminant(&key).hash(&mut hasher);
        self.field = Some(hasher.finish());
        Err(Error::custom("enough is known"))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("enough is known"))
    }
}
