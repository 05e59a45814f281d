//! A workflow's input from outside: read so that nothing in it can wedge the workflow task.

use std::fmt;

use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::WorkflowTermination;
use workflow_api::{Fault, ReadError, WorkflowParams, read};

/// The encoding of a JSON argument, and of one without a value; Go and Python write the same.
const JSON: &[u8] = b"json/plain";
const NULL: &[u8] = b"binary/null";

/// How many faults a failure lists, and how many bytes of each path and message: what Temporal does not take for its size
/// would wedge the workflow too.
const MOST_FAULTS: usize = 64;
const MOST_BYTES: usize = 512;

/// What is wrong with the parameters of a workflow: every fault, by JSON path below the workflow's argument.
///
/// In a workflow, `?` turns it into a failure of the run that is never retried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidParams {
    faults: Vec<Fault>,
    /// Faults that are not listed.
    more: usize,
}

impl InvalidParams {
    /// The type of the failure that Temporal shows, and that a retry policy may name.
    pub const TYPE: &str = "InvalidParams";

    /// What is wrong. Of very many faults only the first are listed, the rest is counted; very long ones are cut.
    pub fn new(mut faults: Vec<Fault>) -> Self {
        let more = faults.len().saturating_sub(MOST_FAULTS);
        faults.truncate(MOST_FAULTS);
        for Fault { path, message } in &mut faults {
            cut(path, MOST_BYTES);
            cut(message, MOST_BYTES);
        }
        Self { faults, more }
    }

    /// What is wrong, one by one.
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

/// Reads a workflow's argument as the `workflowParams` of an intent, as leniently as EMCO reads it.
///
/// A workflow takes its input as [`RawValue`] and calls this: with any other type, input of the wrong shape would make
/// the workflow *task* fail, which Temporal repeats for ever.
///
/// # Errors
/// [`InvalidParams`] with all faults when there is not one argument, it is not JSON, or it has the wrong shape.
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
    match argument.metadata.get("encoding").map_or(&b""[..], Vec::as_slice) {
        JSON => {
            let read = read(&argument.data).map_err(invalid)?;
            if !read.unknown.is_empty() {
                tracing::warn!(unknown = ?read.unknown, "the workflow's argument has keys that nobody knows");
            }
            Ok(read.value)
        }
        NULL => Ok(WorkflowParams::default()),
        other => {
            let encoding = String::from_utf8_lossy(other);
            let message = format!("the argument is encoded as `{encoding}`; send JSON (`json/plain`)");
            Err(InvalidParams::new(vec![Fault::new("$", message)]))
        }
    }
}

fn invalid(error: ReadError) -> InvalidParams {
    InvalidParams::new(error.into_faults())
}

/// Cuts a text that is too long, at the end of a character.
pub(crate) fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
}

/// Both values, or the faults of both: so that one failed run tells everything.
///
/// # Errors
/// The faults of whichever has any.
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

#[cfg(test)]
mod tests {
    use temporalio_common::data_converters::PayloadConverter;
    use temporalio_common::protos::temporal::api::common::v1::Payload;

    use super::*;

    fn payload(encoding: &str, data: &str) -> Payload {
        Payload {
            metadata: [("encoding".to_owned(), encoding.as_bytes().to_vec())].into(),
            data: data.as_bytes().to_vec(),
            ..Payload::default()
        }
    }

    fn one(encoding: &str, data: &str) -> Result<WorkflowParams, String> {
        params(&RawValue::new(vec![payload(encoding, data)])).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn keys_are_read_as_go_reads_them() {
        let read = one(
            "json/plain",
            r#"{"ACTIVITYOPTIONS": {"A": {"starttoclosetimeout": "30s", "RETRYPOLICY": {"maximumAttempts": 2}}}}"#,
        )
        .unwrap();
        let options = &read.activity_options["A"];
        assert_eq!(options.start_to_close_timeout.get(), 30_000_000_000);
        assert_eq!(options.retry_policy.as_ref().unwrap().maximum_attempts, 2);
    }

    #[test]
    fn an_argument_without_a_value_is_an_empty_one() {
        assert_eq!(one("binary/null", ""), Ok(WorkflowParams::default()));
        assert_eq!(one("json/plain", "null"), Ok(WorkflowParams::default()));
        let raw = RawValue::from_value(&serde_json::Value::Null, &PayloadConverter::default());
        assert_eq!(params(&raw), Ok(WorkflowParams::default()));
    }

    #[test]
    fn the_number_of_arguments_is_checked() {
        for arguments in [0, 2] {
            let input = RawValue::new(vec![payload("json/plain", "{}"); arguments]);
            let text = params(&input).unwrap_err().to_string();
            assert!(text.ends_with(&format!("workflowParams, not {arguments}")), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_named() {
        let text = one("binary/encrypted", "x").unwrap_err();
        assert!(text.contains("`binary/encrypted`"), "{text}");
        assert!(one("", "{}").is_err());
        assert!(one("json/plain", "{").unwrap_err().contains("not JSON"));
        assert!(one("json/plain", "").unwrap_err().contains("empty"));
    }

    #[test]
    fn every_fault_is_told() {
        let text = one(
            "json/plain",
            r#"{"activityOptions": {"A": {"startToCloseTimeout": "soon"}}, "activityParams": {"B": {"p": 1}}}"#,
        )
        .unwrap_err();
        assert!(text.contains("$.activityOptions.A.StartToCloseTimeout: "), "{text}");
        assert!(text.contains("$.activityParams.B.p: "), "{text}");
    }

    #[test]
    fn faults_of_two_checks_are_told_together() {
        let fault = |path: &str| InvalidParams::new(vec![Fault::new(path, "wrong")]);
        assert_eq!(both(Ok(1), Ok(2)), Ok((1, 2)));
        assert_eq!(both::<(), _>(Err(fault("$.a")), Ok(2)), Err(fault("$.a")));
        let text = both::<(), ()>(Err(fault("$.a")), Err(fault("$.b"))).unwrap_err().to_string();
        assert!(text.ends_with("parameters: $.a: wrong; $.b: wrong"), "{text}");
    }

    #[test]
    fn faults_beyond_all_measure_are_counted() {
        let fault = Fault::new("$.ä".repeat(1000), "wrong".repeat(1000));
        let invalid = || Err::<(), _>(InvalidParams::new(vec![fault.clone(); 1000]));
        let text = both(invalid(), invalid()).unwrap_err().to_string();
        assert!(text.len() < 100_000, "{}", text.len());
        assert!(text.ends_with("…; and 1936 more faults"), "{text}");
    }
}
