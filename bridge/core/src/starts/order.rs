//! The content of one start: the intent, with the caller's changes.

use std::sync::Arc;

use heavy::heavy;
use uuid::Uuid;
use workflow_api::{Fault, StartOverrides, WorkflowIntentSpec, template};

use crate::model::{KeptIntent, RevisionNumber};

/// The content of one start.
#[derive(Debug)]
pub(super) struct Order {
    /// The revision of the intent.
    pub(super) revision: RevisionNumber,
    /// The spec for the client. The number of the start is not yet in the workflow ID, because only the store
    /// knows it.
    pub(super) spec: Arc<WorkflowIntentSpec>,
    /// Whether it is the intent's own spec, apart from the workflow ID.
    is_the_intents: bool,
}

impl Order {
    /// Applies the caller's changes to the intent.
    ///
    /// # Errors
    /// Returns all faults of the changes.
    pub(super) async fn new(kept: KeptIntent, overrides: StartOverrides) -> Result<Self, Vec<Fault>> {
        let KeptIntent { revision, intent } = kept;
        let is_the_intents = overrides.activity_params.is_empty();
        let size = intent.size() + overrides.size();
        let applied = move || {
            let mut spec = Arc::unwrap_or_clone(intent).spec;
            apply(overrides, &mut spec).map(|()| Arc::new(spec))
        };
        Ok(Self { revision, spec: heavy(size, applied).await?, is_the_intents })
    }

    /// Returns the spec that must be recorded in addition to the intent's revision and the workflow ID.
    pub(super) fn own_spec(&self) -> Option<&Arc<WorkflowIntentSpec>> {
        (!self.is_the_intents).then_some(&self.spec)
    }
}

fn apply(overrides: StartOverrides, spec: &mut WorkflowIntentSpec) -> Result<(), Vec<Fault>> {
    let wanted = overrides.workflow_id;
    let faults = template::faults("$.spec.workflowID", wanted.as_str());
    if !faults.is_empty() {
        return Err(faults);
    }
    let id = &mut spec.temporal.workflow_start_options.id;
    if !wanted.is_empty() {
        *id = wanted;
    }
    // Made here instead of by the client, so that it is recorded before the client is called.
    let open = if id.is_empty() { template::UUID } else { id.as_str() };
    *id = open.replace(template::UUID, &Uuid::new_v4().to_string()).into();
    if overrides.activity_params.is_empty() {
        return Ok(());
    }
    let params = &mut spec.temporal.workflow_params.activity_params;
    for (activity, values) in overrides.activity_params {
        params.entry(activity).or_default().extend(values);
    }
    spec.temporal.length_fault("$.spec.activityParams").map_or(Ok(()), |fault| Err(vec![fault]))
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
    fn an_intents_own_id_is_a_template_too() {
        let made = |id: &str| {
            let mut spec = WorkflowIntentSpec::default();
            spec.temporal.workflow_start_options.id = id.into();
            apply(StartOverrides::default(), &mut spec).unwrap();
            spec.temporal.workflow_start_options.id.into_string()
        };
        assert!(made("").parse::<Uuid>().is_ok());
        assert!(made("a-{{uuid}}").strip_prefix("a-").is_some_and(|id| id.parse::<Uuid>().is_ok()));
        assert_eq!(made("a-{{run}}"), "a-{{run}}");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        assert_eq!(applied("{{who}}").unwrap_err()[0].path, "$.spec.workflowID");
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
