//! The JSON Schema of a parameter type, as the reader and the catalogue use it.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::fields::aliases;
use super::guide::Shape;

/// The other names of a property, in its schema: JSON Schema has no word for them.
pub(super) const ALIASES: &str = "x-aliases";

/// A type that parameters are read into. Every type that has `Deserialize` and `JsonSchema` is one.
#[diagnostic::on_unimplemented(
    message = "parameters cannot be read into `{Self}`",
    label = "derives not both `serde::Deserialize` and `schemars::JsonSchema`",
    note = "write `#[derive(serde::Deserialize, schemars::JsonSchema)]` on it"
)]
pub trait Parameters: DeserializeOwned + JsonSchema + 'static {}

// So that the compiler names what to derive, not the two traits with all that implements them.
#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + 'static> Parameters for T {}

/// The JSON Schema (2020-12) of `T`; `x-aliases` at a property lists the other names that `T` takes for it.
///
/// It is made once for each type.
pub fn schema_of<T: Parameters>() -> &'static Value {
    shape_of::<T>().schema()
}

/// The schema of `T` as the reader needs it.
pub(super) fn shape_of<T: Parameters>() -> &'static Shape<'static> {
    static SHAPES: LazyLock<Mutex<HashMap<TypeId, &'static Shape<'static>>>> = LazyLock::new(Mutex::default);
    let known = |shapes: &HashMap<_, _>| shapes.get(&TypeId::of::<T>()).copied();
    let lock = || SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shape) = known(&lock()) {
        return shape;
    }
    // Not under the lock: it runs the author's code. A program has as many schemas as types, so they may stay for ever.
    let shape = Box::leak(Box::new(Shape::of(Box::leak(Box::new(generate::<T>())))));
    lock().entry(TypeId::of::<T>()).or_insert(shape)
}

fn generate<T: Parameters>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let mut schema = Value::from(generator.into_root_schema_for::<T>());
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            add_aliases::<T>(properties);
        }
    }
    schema
}

fn add_aliases<T: Parameters>(properties: &mut Map<String, Value>) {
    let known: Vec<_> = properties.keys().map(String::as_str).collect();
    for (alias, name) in aliases::<T>(&known) {
        let Some(property) = properties.get_mut(&name) else { continue };
        if !property.is_object() {
            *property = json!({});
        }
        if let Some(names) = property[ALIASES].as_array_mut() {
            names.push(alias.into());
        } else {
            property[ALIASES] = json!([alias]);
        }
    }
}
