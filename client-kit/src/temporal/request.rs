//! Converts a start into Temporal's request.

use std::collections::HashMap;

use temporal::start_header;
use temporalio_common::protos::temporal::api::common::v1::{
    Memo, Payload, Payloads, RetryPolicy, SearchAttributes, WorkflowType,
};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowIdConflictPolicy;
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use workflow_api::{JsonMap, Nanos, RawJson, to_go_json};

use crate::payload::{encoded, payload};
use crate::start::Arguments;
use crate::{IdConflictPolicy, StartRequest, WorkflowStart};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

pub(super) fn start_workflow_execution(
    StartRequest { start, request_id, caller, .. }: StartRequest,
    namespace: String,
    identity: String,
) -> StartWorkflowExecutionRequest {
    let user_metadata = user_metadata(&start);
    // The default, because the response then distinguishes a running ID from a used one. Whether a running ID is an
    // error is decided afterwards.
    let conflict_policy = match start.id_conflict_policy.unwrap_or_default() {
        IdConflictPolicy::UseExisting => WorkflowIdConflictPolicy::UseExisting,
        IdConflictPolicy::Fail => WorkflowIdConflictPolicy::Fail,
        IdConflictPolicy::TerminateExisting => WorkflowIdConflictPolicy::TerminateExisting,
    };
    let options = start.options;
    StartWorkflowExecutionRequest {
        namespace,
        identity,
        request_id,
        workflow_id: options.id.into_string(),
        workflow_type: Some(WorkflowType { name: start.workflow_type.into_string() }),
        task_queue: Some(TaskQueue { name: options.task_queue.into_string(), ..TaskQueue::default() }),
        input: Some(payloads_of(start.arguments)),
        workflow_execution_timeout: duration(options.workflow_execution_timeout),
        workflow_run_timeout: duration(options.workflow_run_timeout),
        workflow_task_timeout: duration(options.workflow_task_timeout),
        workflow_id_reuse_policy: options.workflow_id_reuse_policy.number(),
        workflow_id_conflict_policy: conflict_policy.into(),
        retry_policy: options.retry_policy.map(retry_policy),
        cron_schedule: options.cron_schedule,
        memo: options.memo.map(|memo| Memo { fields: payloads(&memo) }),
        search_attributes: options
            .search_attributes
            .map(|attributes| SearchAttributes { indexed_fields: payloads(&attributes) }),
        header: start_header(caller.as_ref()),
        workflow_start_delay: start
            .start_delay
            .map(|delay| delay.try_into().unwrap_or(Nanos::new(i64::MAX)))
            .and_then(duration),
        user_metadata,
        ..StartWorkflowExecutionRequest::default()
    }
}

fn payloads_of(arguments: Arguments) -> Payloads {
    let payloads = match arguments {
        Arguments::Params(params) => vec![encoded("json/plain", to_go_json(&params))],
        Arguments::Own(payloads) => payloads,
    };
    Payloads { payloads }
}

/// Returns what Temporal's UI shows for a workflow.
fn user_metadata(start: &WorkflowStart) -> Option<UserMetadata> {
    let text = |text: &Option<String>| text.as_ref().map(|text| payload(&RawJson::from(text.as_str())));
    let metadata = UserMetadata { summary: text(&start.summary), details: text(&start.details) };
    (metadata != UserMetadata::default()).then_some(metadata)
}

/// Converts the policy. In each field, zero stands for Temporal's default.
fn retry_policy(policy: workflow_api::RetryPolicy) -> RetryPolicy {
    RetryPolicy {
        initial_interval: duration(policy.initial_interval),
        backoff_coefficient: policy.backoff_coefficient,
        maximum_interval: duration(policy.maximum_interval),
        maximum_attempts: policy.maximum_attempts,
        non_retryable_error_types: policy.non_retryable_error_types.unwrap_or_default(),
    }
}

/// Converts the duration. A negative one is passed on: Temporal refuses it and names the field.
fn duration(nanos: Nanos) -> Option<prost_wkt_types::Duration> {
    let nanos = nanos.get();
    let whole = prost_wkt_types::Duration {
        seconds: nanos / NANOS_PER_SECOND,
        nanos: (nanos % NANOS_PER_SECOND) as i32,
    };
    (nanos != 0).then_some(whole)
}

fn payloads(values: &JsonMap) -> HashMap<String, Payload> {
    values.iter().map(|(name, json)| (name.clone(), payload(json))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::time::Instant;
    use workflow_api::TemporalSpec;

    use super::*;
    use crate::WorkflowStart;

    fn request(spec: Value) -> StartWorkflowExecutionRequest {
        let spec: TemporalSpec = serde_json::from_value(spec).unwrap();
        let start = WorkflowStart::of("Type", spec);
        let request = StartRequest {
            start,
            request_id: "key".to_owned(),
            id_is_of_key: false,
            caller: None,
            deadline: Instant::now(),
        };
        start_workflow_execution(request, "space".to_owned(), "me".to_owned())
    }

    #[test]
    fn nothing_given_leaves_temporals_defaults() {
        let request = request(json!({"workflowStartOptions": {"ID": "w", "TaskQueue": "q"}}));
        let expected = StartWorkflowExecutionRequest {
            namespace: "space".to_owned(),
            identity: "me".to_owned(),
            request_id: "key".to_owned(),
            workflow_id: "w".to_owned(),
            workflow_type: Some(WorkflowType { name: "Type".to_owned() }),
            task_queue: Some(TaskQueue { name: "q".to_owned(), ..TaskQueue::default() }),
            input: Some(Payloads { payloads: vec![payload(&json!({}).into())] }),
            workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
            ..StartWorkflowExecutionRequest::default()
        };
        assert_eq!(request, expected);
    }

    #[test]
    fn durations_keep_their_nanoseconds_and_sign() {
        let whole = |nanos| duration(Nanos::new(nanos)).map(|duration| (duration.seconds, duration.nanos));
        assert_eq!(whole(0), None);
        assert_eq!(whole(10), Some((0, 10)));
        assert_eq!(whole(61_500_000_000), Some((61, 500_000_000)));
        assert_eq!(whole(-1_500_000_000), Some((-1, -500_000_000)));
    }

    #[test]
    fn payloads_are_those_of_go() {
        assert_eq!(payload(&json!({"a": 2.0, "b": "<"}).into()).data, br#"{"a":2,"b":"\u003c"}"#);
        let null = payload(&Value::Null.into());
        assert_eq!((null.metadata["encoding"].as_slice(), null.data.len()), (&b"binary/null"[..], 0));
    }
}
