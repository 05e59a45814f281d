//! The arguments of signals, updates and queries: JSON, unlike parameters, which are texts.

use jsonschema::ValidationError;
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use super::faults::{Reporter, each_once, of_type};
use super::schema::{Parameters, Rules, schema_of};
use super::validator::UnusableSchema;
use crate::read::child;
use crate::{Fault, bounded};

/// How many errors of the validator are looked into.
const MOST: usize = 64;

/// Returns the faults of an argument by its JSON Schema, by path below `path`. An argument that is left out counts as
/// `null`.
///
/// # Errors
/// When the schema is not valid, or cannot be applied in bounded time.
pub fn check_argument(schema: &Value, json: Option<&str>, path: &str) -> Result<Vec<Fault>, UnusableSchema> {
    Ok(faults(&Rules::new(schema)?, json, path)?.1)
}

/// Checks that arguments or parameters can be validated by a schema.
///
/// # Errors
/// When it is not a valid JSON Schema, or is too large.
pub fn usable(schema: &Value) -> Result<(), UnusableSchema> {
    Rules::new(schema).map(drop)
}

/// Reads an argument into a type. An argument that is left out counts as `null`.
///
/// # Errors
/// All faults, by path below the argument (`$`). No message contains a value.
pub fn read_argument<T: Parameters>(json: Option<&str>) -> Result<T, Vec<Fault>> {
    let unusable = |error: &UnusableSchema| vec![Fault::new("$", error.to_string())];
    let rules = schema_of::<T>().rules().map_err(unusable)?;
    let (value, faults) = faults(rules, json, "$").map_err(|error| unusable(&error))?;
    if !faults.is_empty() {
        return Err(faults);
    }
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let below = error.path().to_string();
        let path = if below == "." { "$".to_owned() } else { format!("$.{below}") };
        vec![Fault::new(path, of_type(error.inner(), &value, None))]
    })
}

/// Returns the value of an argument, and its faults.
fn faults(rules: &Rules<'_>, json: Option<&str>, base: &str) -> Result<(Value, Vec<Fault>), UnusableSchema> {
    let value = match json.map(serde_json::from_str) {
        None => Value::Null,
        Some(Ok(value)) => value,
        Some(Err(error)) => return Ok((Value::Null, vec![Fault::new(base, unreadable(&error))])),
    };
    let renamed = by_schema(rules, &value);
    let path = |error: &ValidationError<'_>| {
        error.instance_path().segments().fold(base.to_owned(), |path, segment| match segment {
            LocationSegment::Property(name) => child(&path, &name),
            LocationSegment::Index(index) => format!("{path}[{index}]"),
        })
    };
    let reporter = Reporter::new(rules.schema, &path);
    let errors = rules.validator.errors(renamed.as_ref().unwrap_or(&value))?.take(MOST);
    let mut faults: Vec<_> = errors.flat_map(|error| reporter.faults(&error)).collect();
    if json.is_none() && !faults.is_empty() {
        faults = vec![Fault::new(base, "is missing")];
    }
    Ok((value, bounded(each_once(faults))))
}

/// Why a text is no value, without the text.
fn unreadable(error: &serde_json::Error) -> &'static str {
    if error.is_eof() || error.is_syntax() {
        "is not JSON, or has more than 127 levels"
    } else {
        "cannot be read"
    }
}

/// Returns the value with the names that the schema has, where it uses other names for them.
fn by_schema(rules: &Rules<'_>, value: &Value) -> Option<Value> {
    let members = value.as_object()?;
    let own = |name: &str| rules.members.get(name).map(|member| member.name);
    let renamed = members.keys().any(|name| own(name).is_some_and(|own| own != name));
    renamed.then(|| {
        let members = members.iter();
        members.map(|(name, value)| (own(name).unwrap_or(name).to_owned(), value.clone())).collect()
    })
}
