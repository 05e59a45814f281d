//! Bodies: parsed by Go's rules, with unknown fields reported to the caller or rejected (DESIGN §3).

use bridge_core::model::DigKey;
use workflow_api::{Fault, FromJson, ReadError, read};

use crate::problem::{ApiError, kinds};
pub(crate) use service::fields::FieldValidation;

/// The body of a call, and how it is parsed. `K` is the key in the path.
pub(crate) trait Content<K>: Sized + Send {
    /// Whether the call can have a body.
    const EXPECTED: bool = true;

    /// Parses the body. Returns it with the JSON paths of the unknown fields to warn of.
    fn read(body: &[u8], fields: FieldValidation, key: &K) -> Result<(Self, Vec<String>), ApiError>;
}

/// No body.
impl<K> Content<K> for () {
    const EXPECTED: bool = false;

    fn read(_: &[u8], _: FieldValidation, _: &K) -> Result<(Self, Vec<String>), ApiError> {
        Ok(((), Vec::new()))
    }
}

/// A required body.
#[derive(Debug)]
pub(crate) struct Required<T>(pub(crate) T);

impl<K, T: FromJson + Default + Send> Content<K> for Required<T> {
    fn read(body: &[u8], fields: FieldValidation, _: &K) -> Result<(Self, Vec<String>), ApiError> {
        let (value, unknown) = read_body(body, fields)?;
        Ok((Self(value), unknown))
    }
}

/// An optional body.
#[derive(Debug)]
pub(crate) struct Optional<T>(pub(crate) T);

impl<K, T: FromJson + Default + Send> Content<K> for Optional<T> {
    fn read(body: &[u8], fields: FieldValidation, _: &K) -> Result<(Self, Vec<String>), ApiError> {
        if body.trim_ascii().is_empty() {
            return Ok((Self(T::default()), Vec::new()));
        }
        let (value, unknown) = read_body(body, fields)?;
        Ok((Self(value), unknown))
    }
}

/// A body of a call in a group: if it cannot be parsed, the faults of the path are reported as well.
#[derive(Debug)]
pub(crate) struct InGroup<T>(pub(crate) T);

impl<K: Group, T: FromJson + Default + Send> Content<K> for InGroup<T> {
    fn read(body: &[u8], fields: FieldValidation, key: &K) -> Result<(Self, Vec<String>), ApiError> {
        let read = read_body(body, fields);
        let (value, unknown) =
            read.map_err(|error| ApiError::from(error).with_faults(key.group().faults()))?;
        Ok((Self(value), unknown))
    }
}

/// A key in a deployment intent group.
pub(crate) trait Group {
    fn group(&self) -> &DigKey;
}

impl Group for DigKey {
    fn group(&self) -> &DigKey {
        self
    }
}

impl Group for bridge_core::model::IntentKey {
    fn group(&self) -> &DigKey {
        &self.dig
    }
}

/// Why a body cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// It is empty or not JSON.
    #[error("{0}")]
    NotJson(String),
    /// Parts of it have the wrong type.
    #[error("the body has {} of the wrong type", parts(.0.len()))]
    WrongTypes(Vec<Fault>),
    /// It has unknown fields, and the caller requested strict validation.
    #[error("the body has unknown fields, and fieldValidation=Strict refuses them: {}", .0.join(", "))]
    UnknownFields(Vec<String>),
    /// A required field is missing, or fields contradict each other.
    #[error("the body is incomplete")]
    Incomplete(Vec<Fault>),
}

fn parts(count: usize) -> String {
    if count == 1 { "a part".to_owned() } else { format!("{count} parts") }
}

impl BodyError {
    /// Returns the faults, by JSON path.
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        match self {
            Self::NotJson(text) => vec![Fault::new("$", text)],
            Self::WrongTypes(faults) | Self::Incomplete(faults) => faults,
            Self::UnknownFields(paths) => {
                paths.into_iter().map(|path| Fault::new(path, "is not a known field")).collect()
            }
        }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let kind = match &error {
            BodyError::NotJson(_) => kinds::NOT_JSON,
            BodyError::WrongTypes(_) | BodyError::Incomplete(_) => kinds::INVALID_BODY,
            BodyError::UnknownFields(_) => kinds::UNKNOWN_FIELDS,
        };
        kind.problem(error.to_string()).with_faults(error.into_faults()).into()
    }
}

fn read_body<T: FromJson + Default>(
    body: &[u8],
    fields: FieldValidation,
) -> Result<(T, Vec<String>), BodyError> {
    let body = read::<T>(body).map_err(|error| match error {
        ReadError::Faults(faults) => BodyError::WrongTypes(faults),
        other => BodyError::NotJson(other.to_string()),
    })?;
    let unknown = fields.of(body.unknown).map_err(BodyError::UnknownFields)?;
    Ok((body.value, unknown))
}

/// Rejects an empty text.
pub(crate) fn required(path: &str, text: &str) -> Result<(), BodyError> {
    if text.is_empty() {
        return Err(BodyError::Incomplete(vec![Fault::new(path, "is required")]));
    }
    Ok(())
}
