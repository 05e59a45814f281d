//! What one start asks for: the intent, and what the caller wants otherwise.

use uuid::Uuid;
use workflow_api::{Fault, StartOverrides, WorkflowIntentSpec};

use crate::run::RUN_NUMBER;

/// Stands in a workflow ID for a new UUID.
const UUID: &str = "{{uuid}}";
/// The longest ID that Temporal takes, in bytes.
const ID_MAX: usize = 1000;
/// The number of a start has no more digits.
const NUMBER_MAX: usize = 20;

/// Changes `spec` as the caller wants. The number of the start stays open in the workflow ID: only the store knows it.
///
/// # Errors
/// All that is wrong with what the caller wants.
pub(super) fn apply(overrides: StartOverrides, spec: &mut WorkflowIntentSpec) -> Result<(), Vec<Fault>> {
    let wanted = overrides.workflow_id.as_str();
    if !wanted.is_empty() {
        let faults = faults(wanted);
        if !faults.is_empty() {
            return Err(faults);
        }
        spec.temporal.workflow_start_options.id =
            wanted.replace(UUID, &Uuid::new_v4().to_string()).as_str().into();
    }
    let params = &mut spec.temporal.workflow_params.activity_params;
    for (activity, values) in overrides.activity_params {
        params.entry(activity).or_default().extend(values);
    }
    Ok(())
}

fn faults(wanted: &str) -> Vec<Fault> {
    let fault = |message| Fault::new("$.spec.workflowID", message);
    let unknown = placeholders(wanted).filter(|name| ![UUID, RUN_NUMBER].contains(name)).map(|name| {
        fault(format!("has `{name}`, which stands for nothing: write `{UUID}`, `{RUN_NUMBER}`, or no `{{{{`"))
    });
    let longest = wanted.len()
        + wanted.matches(UUID).count() * Uuid::nil().to_string().len()
        + wanted.matches(RUN_NUMBER).count() * NUMBER_MAX;
    let too_long = (longest > ID_MAX).then(|| fault(format!("gets too long; Temporal takes {ID_MAX} bytes")));
    // Neither Temporal nor a database takes it.
    let nul = wanted.contains('\0').then(|| fault("has a NUL character: write it without".to_owned()));
    unknown.chain(too_long).chain(nul).collect()
}

/// Everything from `{{` to `}}`; what does not end goes on to the end.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[rest.find("{{")?..];
        let end = rest.find("}}").map_or(rest.len(), |end| end + 2);
        let (placeholder, after) = rest.split_at(end);
        rest = after;
        Some(placeholder)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn applied(workflow_id: &str) -> Result<String, Vec<Fault>> {
        let mut spec = WorkflowIntentSpec::default();
        spec.temporal.workflow_start_options.id = "of-the-intent".into();
        let overrides = StartOverrides { workflow_id: workflow_id.into(), ..StartOverrides::default() };
        apply(overrides, &mut spec).map(|()| spec.temporal.workflow_start_options.id.into_string())
    }

    #[test]
    fn placeholders_become_what_they_stand_for() {
        assert_eq!(applied("").unwrap(), "of-the-intent");
        assert_eq!(applied("plain {x} }} id").unwrap(), "plain {x} }} id");
        assert_eq!(applied("migrate-{{run}}").unwrap(), "migrate-{{run}}");
        let id = applied("a-{{uuid}}-{{run}}").unwrap();
        let uuid = id.strip_prefix("a-").and_then(|id| id.strip_suffix("-{{run}}")).unwrap();
        assert!(uuid.parse::<Uuid>().is_ok_and(|uuid| !uuid.is_nil()), "{id}");
        assert_ne!(applied("{{uuid}}").unwrap(), applied("{{uuid}}").unwrap());
    }

    #[test]
    fn other_placeholders_are_faults_each() {
        for (text, names) in [
            ("{{Run}}", &["{{Run}}"][..]),
            ("{{ uuid }}-{{run}}-{{}}", &["{{ uuid }}", "{{}}"]),
            ("{{run", &["{{run"]),
            ("{{uuid}}{{{run}}}", &["{{{run}}"]),
        ] {
            let faults = applied(text).unwrap_err();
            assert_eq!(faults.len(), names.len(), "{text}: {faults:?}");
            for (fault, name) in faults.iter().zip(names) {
                assert_eq!(fault.path, "$.spec.workflowID");
                assert!(fault.message.contains(&format!("`{name}`")), "{fault:?}");
            }
        }
    }

    #[test]
    fn no_id_has_a_nul_character() {
        assert_eq!(applied("a\0b").unwrap_err()[0].path, "$.spec.workflowID");
    }

    #[test]
    fn an_id_that_may_get_too_long_is_refused() {
        assert!(applied(&"x".repeat(1000)).is_ok());
        assert!(applied(&format!("{}{{{{run}}}}", "x".repeat(990))).is_err());
    }

    #[test]
    fn parameters_are_merged_by_activity_and_name() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let mut spec = WorkflowIntentSpec::default();
        spec.temporal.workflow_params.activity_params =
            [("all".to_owned(), map(&[("a", "1"), ("b", "2")])), ("kept".to_owned(), map(&[("c", "3")]))]
                .into();
        let activity_params =
            [("all".to_owned(), map(&[("b", "4"), ("d", "5")])), ("new".to_owned(), map(&[("e", "6")]))]
                .into();
        apply(StartOverrides { activity_params, ..StartOverrides::default() }, &mut spec).unwrap();
        let merged = [
            ("all".to_owned(), map(&[("a", "1"), ("b", "4"), ("d", "5")])),
            ("kept".to_owned(), map(&[("c", "3")])),
            ("new".to_owned(), map(&[("e", "6")])),
        ];
        assert_eq!(spec.temporal.workflow_params.activity_params, merged.into());
    }
}
