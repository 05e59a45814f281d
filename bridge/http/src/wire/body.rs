//! Bodies: parsed by Go's rules, with unknown fields reported to the caller or rejected (DESIGN §3).

use bridge_core::model::DigKey;
use serde::de::DeserializeOwned;
use serde_json::Value;
use workflow_api::read::Spelling;
use workflow_api::{Fault, FromJson, ReadError, cut, read};

use crate::problem::{ApiError, kinds};
pub(crate) use service::fields::FieldValidation;

/// The body of a call, and how it is parsed. `K` is the key in the path.
pub(crate) trait Content<K>: Sized + Send + 'static {
    /// Whether the call can have a body.
    const EXPECTED: bool = true;

    /// Parses the body.
    fn read(body: &[u8], fields: FieldValidation, key: &K) -> Result<(Self, Noted), ApiError>;
}

/// What is noted about the keys of a body.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// JSON paths of the unknown fields to warn of.
    pub(crate) unknown: Vec<String>,
    /// How the other fields were written.
    pub(crate) spelling: Spelling,
}

/// No body.
impl<K> Content<K> for () {
    const EXPECTED: bool = false;

    fn read(_: &[u8], _: FieldValidation, _: &K) -> Result<(Self, Noted), ApiError> {
        Ok(((), Noted::default()))
    }
}

/// A required body.
#[derive(Debug)]
pub(crate) struct Required<T>(pub(crate) T);

impl<K, T: FromJson + Default + Send + 'static> Content<K> for Required<T> {
    fn read(body: &[u8], fields: FieldValidation, _: &K) -> Result<(Self, Noted), ApiError> {
        let (value, noted) = read_body(body, fields)?;
        Ok((Self(value), noted))
    }
}

/// An optional body.
#[derive(Debug)]
pub(crate) struct Optional<T>(pub(crate) T);

impl<K, T: FromJson + Default + Send + 'static> Content<K> for Optional<T> {
    fn read(body: &[u8], fields: FieldValidation, _: &K) -> Result<(Self, Noted), ApiError> {
        if body.trim_ascii().is_empty() {
            return Ok((Self(T::default()), Noted::default()));
        }
        let (value, noted) = read_body(body, fields)?;
        Ok((Self(value), noted))
    }
}

/// A required body of which each field must be known.
#[derive(Debug)]
pub(crate) struct Known<T>(pub(crate) T);

impl<K, T: FromJson + Default + Send + 'static> Content<K> for Known<T> {
    fn read(body: &[u8], _: FieldValidation, _: &K) -> Result<(Self, Noted), ApiError> {
        let (value, noted) = read_body(body, FieldValidation::Strict)?;
        Ok((Self(value), noted))
    }
}

/// An optional body of which each field must be known.
#[derive(Debug)]
pub(crate) struct OptionalKnown<T>(pub(crate) T);

impl<K, T: FromJson + Default + Send + 'static> Content<K> for OptionalKnown<T> {
    fn read(body: &[u8], _: FieldValidation, key: &K) -> Result<(Self, Noted), ApiError> {
        let (Optional(value), noted) = Optional::read(body, FieldValidation::Strict, key)?;
        Ok((Self(value), noted))
    }
}

/// A body of which each field must be known, or none.
#[derive(Debug)]
pub(crate) struct KnownOrNone<T>(pub(crate) Option<T>);

impl<K, T: FromJson + Default + Send + 'static> Content<K> for KnownOrNone<T> {
    fn read(body: &[u8], fields: FieldValidation, key: &K) -> Result<(Self, Noted), ApiError> {
        if body.trim_ascii().is_empty() {
            return Ok((Self(None), Noted::default()));
        }
        let (Known(value), noted) = Known::read(body, fields, key)?;
        Ok((Self(Some(value)), noted))
    }
}

/// A required body that is ours or the standard's alone: an unknown field is a fault, whatever the caller prefers.
#[derive(Debug)]
pub(crate) struct Strict<T>(pub(crate) T);

impl<K, T: DeserializeOwned + Send + 'static> Content<K> for Strict<T> {
    fn read(body: &[u8], _: FieldValidation, _: &K) -> Result<(Self, Noted), ApiError> {
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            let detail = error.to_string();
            kinds::NOT_JSON.problem(detail.clone()).with_faults(vec![Fault::new("$", detail)])
        })?;
        let value = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = match error.path().to_string().as_str() {
                "." => "$".to_owned(),
                path => format!("$.{path}"),
            };
            let fault = Fault::new(path, cut(&error.into_inner().to_string()).into_owned());
            kinds::INVALID_BODY.problem("the body has a part that is not valid").with_faults(vec![fault])
        })?;
        Ok((Self(value), Noted::default()))
    }
}

/// A body of a call in a group: if it cannot be parsed, the faults of the path are reported as well.
#[derive(Debug)]
pub(crate) struct InGroup<T>(pub(crate) T);

impl<K: Group, T: FromJson + Default + Send + 'static> Content<K> for InGroup<T> {
    fn read(body: &[u8], fields: FieldValidation, key: &K) -> Result<(Self, Noted), ApiError> {
        let (value, noted) =
            read_body(body, fields).map_err(|error| error.with_faults(key.group().faults()))?;
        Ok((Self(value), noted))
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

/// Reads a document of ours, as the body of a call with it is read.
///
/// # Errors
/// Returns the problem of a text that is not JSON, or has unknown fields or fields of the wrong type.
pub fn read_document<T: FromJson + Default>(json: &[u8]) -> Result<T, ApiError> {
    read_body(json, FieldValidation::Strict).map(|(value, _)| value)
}

/// Returns the problem of a body whose content is not acceptable.
pub(crate) fn incomplete(fault: Fault) -> ApiError {
    kinds::INVALID_BODY.problem("the body is incomplete").with_faults(vec![fault]).into()
}

/// Returns the faults of unknown fields, by their paths.
fn not_known(paths: impl IntoIterator<Item = String>) -> Vec<Fault> {
    paths.into_iter().map(|path| Fault::new(path, "is not a known field")).collect()
}

fn read_body<T: FromJson + Default>(body: &[u8], fields: FieldValidation) -> Result<(T, Noted), ApiError> {
    let body = read::<T>(body).map_err(|error| match error {
        ReadError::Faults(faults) => {
            let parts =
                if faults.len() == 1 { "a part".to_owned() } else { format!("{} parts", faults.len()) };
            let detail = format!("the body has {parts} of the wrong type");
            kinds::INVALID_BODY.problem(detail).with_faults(faults)
        }
        other => {
            let detail = other.to_string();
            kinds::NOT_JSON.problem(detail.clone()).with_faults(vec![Fault::new("$", detail)])
        }
    })?;
    let unknown = fields.of(body.unknown).map_err(|paths| {
        let names = paths.join(", ");
        let detail = format!("the body has unknown fields, which are refused: {names}");
        kinds::UNKNOWN_FIELDS.problem(detail).with_faults(not_known(paths))
    })?;
    Ok((body.value, Noted { unknown, spelling: body.spelling }))
}

/// Rejects an empty text. The unknown fields of the body are faults then too: one may be the text, misnamed.
pub(crate) fn required(path: &str, text: &str, unknown: &[String]) -> Result<(), ApiError> {
    if text.is_empty() {
        let missing = incomplete(Fault::new(path, "is required"));
        Err(missing.with_faults(not_known(unknown.iter().cloned())))
    } else {
        Ok(())
    }
}
