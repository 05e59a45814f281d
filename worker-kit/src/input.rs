//! A workflow's input from outside, read so that no input can make the workflow task fail.

use std::fmt;

use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_sdk::WorkflowTermination;
use workflow_api::{Fault, WorkflowParams, read};

/// The encodings of a JSON argument and of one without a value, in Go and in Python.
const JSON: &[u8] = b"json/plain";
const NULL: &[u8] = b"binary/null";

/// How many faults a failure lists, and how many bytes of each path and message. If a failure were too large for
/// Temporal, the workflow task would fail without end.
const MOST_FAULTS: usize = 64;
const MOST_BYTES: usize = 512;

/// The faults of a workflow's parameters, by JSON path below the workflow's argument.
///
/// In a workflow, `?` converts it into a failure of the run that is never retried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidParams {
    faults: Vec<Fault>,
    /// The number of faults that are not listed.
    more: usize,
}

impl InvalidParams {
    /// The type of the failure, which Temporal shows and a retry policy can name.
    pub const TYPE: &str = "InvalidParams";

    /// Creates the error. If there are very many faults, only the first are listed and the rest is counted. Long ones
    /// are cut.
    pub fn new(mut faults: Vec<Fault>) -> Self {
        let more = faults.len().saturating_sub(MOST_FAULTS);
        faults.truncate(MOST_FAULTS);
        for Fault { path, message } in &mut faults {
            cut(path, MOST_BYTES);
            cut(message, MOST_BYTES);
        }
        Self { faults, more }
    }

    /// The faults that are listed.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for InvalidParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the workflow cannot run with these parameters")?;
        for (index, fault) in self.faults.iter().enumerate() {
            write!(f, "{} {fault}", if index == 0 { ":" } else { ";" })?;
        }
        if self.more > 0 {
            write!(f, "; and {} more faults", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidParams {}

impl From<InvalidParams> for WorkflowTermination {
    fn from(invalid: InvalidParams) -> Self {
        let faults = serde_json::json!({ "faults": invalid.faults });
        ApplicationFailure::builder(invalid)
            .type_name(InvalidParams::TYPE.to_owned())
            .non_retryable(true)
            .details(faults)
            .build()
            .into()
    }
}

/// Reads a workflow's argument as the `workflowParams` of an intent, as leniently as EMCO does.
///
/// A workflow takes its input as [`RawValue`] and calls this function. With any other type, input of the wrong shape
/// would make the workflow *task* fail, which Temporal retries without end.
///
/// # Errors
/// [`InvalidParams`] with all faults, when there is not exactly one argument, it is not JSON, or it has the
/// wrong shape.
pub fn params(input: &RawValue) -> Result<WorkflowParams, InvalidParams> {
    let argument = match input.payloads.as_slice() {
        [argument] => argument,
        arguments => {
            let message = format!(
                "the workflow takes one argument, the intent's workflowParams, not {}",
                arguments.len()
            );
            return Err(InvalidParams::new(vec![Fault::new("$", message)]));
        }
    };
    let invalid = |message: String| InvalidParams::new(vec![Fault::new("$", message)]);
    let json = json_of(argument).map_err(invalid)?;
    let read = read(json.as_bytes()).map_err(|error| InvalidParams::new(error.into_faults()))?;
    if !read.unknown.is_empty() {
        tracing::warn!(unknown = ?read.unknown, "the workflow's argument has unknown keys");
    }
    Ok(read.value)
}

/// Returns the JSON of an argument.
///
/// # Errors
/// What the argument is instead of JSON.
pub(crate) fn json_of(argument: &Payload) -> Result<&str, String> {
    match argument.metadata.get("encoding").map_or(&b""[..], Vec::as_slice) {
        JSON => str::from_utf8(&argument.data).map_err(|_| "the argument is not UTF-8".to_owned()),
        NULL => Ok("null"),
        other => {
            let encoding = String::from_utf8_lossy(other);
            Err(format!("the argument has the encoding `{encoding}`; send JSON (`json/plain`)"))
        }
    }
}

/// Cuts a text to `most` bytes, at the end of a character.
pub(crate) fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
}

/// Returns both values, or the faults of both, so that one failed run reports all of them.
///
/// # Errors
/// The faults of either or both.
pub fn both<A, B>(
    left: Result<A, InvalidParams>,
    right: Result<B, InvalidParams>,
) -> Result<(A, B), InvalidParams> {
    match (left, right) {
        (Ok(left), Ok(right)) => Ok((left, right)),
        (Err(invalid), Ok(_)) | (Ok(_), Err(invalid)) => Err(invalid),
        (Err(left), Err(right)) => {
            let mut both = InvalidParams::new([left.faults, right.faults].concat());
            both.more += left.more + right.more;
            Err(both)
        }
    }
}
