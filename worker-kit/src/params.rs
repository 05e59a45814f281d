//! Typed parameters: an intent's texts as a struct of the workflow's own.

use workflow_api::WorkflowParams;
use workflow_api::params::Parameters;

use crate::InvalidParams;

/// The parameters of an intent, read into a struct that is [`Deserialize`](serde::Deserialize) and `schemars::JsonSchema`:
/// the same struct, read by the same rules, as in the workflow client.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use worker_kit::Params;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Backup {
///     bucket: String,
///     keep: Option<u8>,
/// }
///
/// # fn backup(params: &workflow_api::WorkflowParams) -> Result<(), worker_kit::InvalidParams> {
/// let Params(backup): Params<Backup> = Params::of(params, "Backup")?;
/// let keep = backup.keep.unwrap_or(7);
/// # Ok(())
/// # }
/// # let text = backup(&Default::default()).unwrap_err().to_string();
/// # assert!(text.contains("$.activityParams.Backup.bucket: is missing"), "{text}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params<T>(pub T);

impl<T: Parameters> Params<T> {
    /// Reads the parameters for all activities.
    ///
    /// # Errors
    /// [`InvalidParams`] naming every parameter that is missing, unknown or no value of its type; the values are in no
    /// message.
    pub fn for_all(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        Self::of(params, WorkflowParams::ALL_ACTIVITIES)
    }

    /// Reads the parameters of `activity`: its own, and those for all activities that it does not set itself. What is
    /// unknown is a fault among its own alone: those for all may be meant for others.
    ///
    /// # Errors
    /// As [`for_all`](Self::for_all).
    pub fn of(params: &WorkflowParams, activity: &str) -> Result<Self, InvalidParams> {
        params.read(activity).map(Self).map_err(InvalidParams::new)
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    struct Server {
        host: String,
        port: u16,
    }

    fn params(entries: &[(&str, &str, &str)]) -> WorkflowParams {
        let mut params = WorkflowParams::default();
        for (activity, name, value) in entries {
            let of = params.activity_params.entry((*activity).to_owned()).or_default();
            of.insert((*name).to_owned(), (*value).to_owned());
        }
        params
    }

    #[test]
    fn an_activitys_own_parameter_overrides_the_common_one() {
        let all = "all-activities";
        let params = params(&[(all, "host", "a"), (all, "port", "1"), ("X", "port", "2")]);
        let ports = [Params::of(&params, "X"), Params::of(&params, "Y"), Params::for_all(&params)]
            .map(|read| read.map(|Params(Server { host, port })| (host, port)).unwrap());
        assert_eq!(ports, [("a".to_owned(), 2), ("a".to_owned(), 1), ("a".to_owned(), 1)]);
    }

    #[test]
    fn every_missing_unknown_and_wrong_parameter_is_named() {
        let params = params(&[("all-activities", "port", "hunter2"), ("all-activities", "hsot", "a")]);
        let text = Params::<Server>::for_all(&params).unwrap_err().to_string();
        for words in [
            "$.activityParams.all-activities.port: must be an integer from 0 to 65535",
            "$.activityParams.all-activities.hsot: is not known; did you mean `host`?",
            "$.activityParams.all-activities.host: is missing",
        ] {
            assert!(text.contains(words), "{words} in {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
}
