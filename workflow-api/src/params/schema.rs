//! The JSON Schema of a parameter type, as the reader and the catalogue use it.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::aliases::aliases;
use super::texts::{ALIASES, Members};
use super::validator::{UnusableSchema, Validator};

/// A type that parameters can be read into. Implemented by every type that has `Deserialize` and `JsonSchema`.
#[diagnostic::on_unimplemented(
    message = "parameters cannot be read into `{Self}`",
    label = "does not derive both `serde::Deserialize` and `schemars::JsonSchema`",
    note = "add `#[derive(serde::Deserialize, schemars::JsonSchema)]` to it"
)]
pub trait Parameters: DeserializeOwned + JsonSchema + 'static {}

// So that the compiler names what to derive, and does not list the types that implement the two traits.
#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + 'static> Parameters for T {}

/// The JSON Schema of a parameter type, compiled.
#[derive(Debug)]
pub struct ParamsSchema {
    json: &'static Value,
    rules: Result<Rules<'static>, UnusableSchema>,
}

impl ParamsSchema {
    /// Returns the schema (2020-12). `x-aliases` of a property lists its other names.
    pub fn json(&self) -> &'static Value {
        self.json
    }

    /// Checks that parameters can be read by it.
    ///
    /// # Errors
    /// When, because of the author's attributes, it is not a valid JSON Schema.
    pub fn usable(&self) -> Result<(), UnusableSchema> {
        self.rules().map(|_| ()).map_err(Clone::clone)
    }

    pub(super) fn rules(&self) -> Result<&Rules<'static>, &UnusableSchema> {
        self.rules.as_ref()
    }
}

/// A schema, prepared for reading and validating parameters.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    pub(super) schema: &'a Value,
    pub(super) members: Members<'a>,
    pub(super) validator: Validator<'a>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(schema: &'a Value) -> Result<Self, UnusableSchema> {
        let validator = Validator::new(schema)?;
        Ok(Self { schema, members: Members::new(schema), validator })
    }
}

/// Returns the schema of `T`, which is made once for each type.
pub fn schema_of<T: Parameters>() -> &'static ParamsSchema {
    static SCHEMAS: LazyLock<Mutex<HashMap<TypeId, &'static ParamsSchema>>> = LazyLock::new(Mutex::default);
    let lock = || SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().get(&TypeId::of::<T>()).copied();
    // The lock is not held here, because this runs the author's code. Schemas are never freed: there is one for each
    // type.
    known.unwrap_or_else(|| {
        let json: &'static Value = Box::leak(Box::new(generate::<T>()));
        let schema = Box::leak(Box::new(ParamsSchema { json, rules: Rules::new(json) }));
        lock().entry(TypeId::of::<T>()).or_insert(schema)
    })
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
