//! Reading a request's JSON: by Go's rules, with unknown fields told to the caller or refused (DESIGN §3).

use service::fields::FieldValidation;
use workflow_api::{Fault, FromJson, ReadError, read};

/// What a body said, and the JSON paths of what the caller should know was not understood.
#[derive(Debug)]
pub struct Lenient<T> {
    /// What it said.
    pub value: T,
    /// JSON paths of unknown fields; empty where the caller does not want to know.
    pub unknown: Vec<String>,
}

/// Why a body cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It is not JSON, or nothing at all.
    #[error("{0}")]
    NotJson(String),
    /// Parts of it have the wrong type.
    #[error("the body has {} of the wrong type", parts(.0.len()))]
    WrongTypes(Vec<Fault>),
    /// It has fields that nobody knows, and the caller asked for strictness.
    #[error("the body has unknown fields, and fieldValidation=Strict refuses them: {}", .0.join(", "))]
    UnknownFields(Vec<String>),
}

fn parts(count: usize) -> String {
    if count == 1 { "a part".to_owned() } else { format!("{count} parts") }
}

impl BodyError {
    /// What is wrong, by JSON path.
    pub fn into_faults(self) -> Vec<Fault> {
        match self {
            Self::NotJson(text) => vec![Fault::new("$", text)],
            Self::WrongTypes(faults) => faults,
            Self::UnknownFields(paths) => {
                paths.into_iter().map(|path| Fault::new(path, "is not a field that is known here")).collect()
            }
        }
    }
}

/// Reads a body that must be there.
pub(super) fn read_body<T: FromJson + Default>(
    body: &[u8],
    fields: FieldValidation,
) -> Result<Lenient<T>, BodyError> {
    let body = read::<T>(body).map_err(|error| match error {
        ReadError::Faults(faults) => BodyError::WrongTypes(faults),
        other => BodyError::NotJson(other.to_string()),
    })?;
    let (value, unknown) = (body.value, body.unknown);
    let unknown = fields.of(unknown).map_err(BodyError::UnknownFields)?;
    Ok(Lenient { value, unknown })
}

/// Reads a body that may be left out.
pub(super) fn read_optional_body<T: FromJson + Default>(
    body: &[u8],
    fields: FieldValidation,
) -> Result<Lenient<T>, BodyError> {
    if body.trim_ascii().is_empty() {
        Ok(Lenient { value: T::default(), unknown: Vec::new() })
    } else {
        read_body(body, fields)
    }
}
