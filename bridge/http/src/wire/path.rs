//! The paths of the API (EMCO-API §1.1), and the keys in them.

use bridge_core::model::{DigKey, IntentKey, RuleKey, ScheduleKey, StartId};
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;
use workflow_api::{RunId, WorkflowId};

macro_rules! intents {
    ($rest:literal) => {
        concat!(
            "/v2/projects/{project}/composite-apps/{compositeApp}/{compositeAppVersion}",
            "/deployment-intent-groups/{deploymentIntentGroup}/temporal-workflow-intents",
            $rest
        )
    };
}

macro_rules! rules {
    ($rest:literal) => {
        concat!("/v2/projects/{project}/workflow-rules", $rest)
    };
}

pub(crate) const INTENTS: &str = intents!("");
pub(crate) const INTENT: &str = intents!("/{workflowIntent}");
pub(crate) const REVISIONS: &str = intents!("/{workflowIntent}/revisions");
pub(crate) const REVISION: &str = intents!("/{workflowIntent}/revisions/{revision}");
pub(crate) const ROLLBACK: &str = intents!("/{workflowIntent}/rollback");
pub(crate) const CHECK: &str = intents!("/{workflowIntent}/check");
pub(crate) const START: &str = intents!("/{workflowIntent}/start");
pub(crate) const RUNS: &str = intents!("/{workflowIntent}/runs");
pub(crate) const RUN: &str = intents!("/{workflowIntent}/runs/{run}");
pub(crate) const STATUS: &str = intents!("/{workflowIntent}/status");
pub(crate) const CANCEL: &str = intents!("/{workflowIntent}/cancel");
pub(crate) const PAUSE: &str = intents!("/{workflowIntent}/pause");
pub(crate) const UNPAUSE: &str = intents!("/{workflowIntent}/unpause");
pub(crate) const SIGNAL: &str = intents!("/{workflowIntent}/signal");
pub(crate) const QUERY: &str = intents!("/{workflowIntent}/query");
pub(crate) const UPDATE: &str = intents!("/{workflowIntent}/update");
pub(crate) const TERMINATE: &str = intents!("/{workflowIntent}/terminate");
pub(crate) const RESET: &str = intents!("/{workflowIntent}/reset");
pub(crate) const SCHEDULES: &str = intents!("/{workflowIntent}/schedules");
pub(crate) const SCHEDULE: &str = intents!("/{workflowIntent}/schedules/{schedule}");
pub(crate) const SCHEDULE_REVISIONS: &str = intents!("/{workflowIntent}/schedules/{schedule}/revisions");
pub(crate) const SCHEDULE_REVISION: &str =
    intents!("/{workflowIntent}/schedules/{schedule}/revisions/{revision}");
pub(crate) const SCHEDULE_STATUS: &str = intents!("/{workflowIntent}/schedules/{schedule}/status");
pub(crate) const SCHEDULE_PREVIEW: &str = intents!("/{workflowIntent}/schedules/{schedule}/preview");
pub(crate) const SCHEDULE_PAUSE: &str = intents!("/{workflowIntent}/schedules/{schedule}/pause");
pub(crate) const SCHEDULE_RESUME: &str = intents!("/{workflowIntent}/schedules/{schedule}/resume");
pub(crate) const SCHEDULE_TRIGGER: &str = intents!("/{workflowIntent}/schedules/{schedule}/trigger");
pub(crate) const SCHEDULE_BACKFILL: &str = intents!("/{workflowIntent}/schedules/{schedule}/backfill");
// Rules over all projects have the same paths without the project: see `over_all`.
pub(crate) const RULES: &str = rules!("");
pub(crate) const RULE: &str = rules!("/{rule}");
pub(crate) const RULE_REVISIONS: &str = rules!("/{rule}/revisions");
pub(crate) const RULE_REVISION: &str = rules!("/{rule}/revisions/{revision}");
pub(crate) const RULE_DECISIONS: &str = rules!("/{rule}/decisions");
pub(crate) const RULE_REHEARSE: &str = rules!("/{rule}/rehearse");
/// Those that have intents. They are below no project: `/v2/projects/…` belongs to EMCO.
pub(crate) const GROUPS: &str = "/v2/deployment-intent-groups";
pub(crate) const RIGHTS: &str = "/v2/rights";
pub(crate) const AUDIT: &str = "/v2/audit";
pub(crate) const AUDIT_BATCHES: &str = "/v2/audit/batches";
pub(crate) const SESSION: &str = "/v2/session";
pub(crate) const ALARMS: &str = "/v2/alarms";
pub(crate) const ALARM: &str = "/v2/alarms/{alarmId}";
pub(crate) const ALARM_COUNTS: &str = "/v2/alarms/counts";
pub(crate) const ALARM_EVENTS: &str = "/v2/alarms/events";
pub(crate) const ALARM_COMMENTS: &str = "/v2/alarms/{alarmId}/comments";
pub(crate) const ALARM_SUBSCRIPTIONS: &str = "/v2/alarm-subscriptions";
pub(crate) const ALARM_SUBSCRIPTION: &str = "/v2/alarm-subscriptions/{subscriptionId}";
pub(crate) const ALARM_DELIVERIES: &str = "/v2/alarm-deliveries";
pub(crate) const ALARM_DELIVERY: &str = "/v2/alarm-deliveries/{delivery}";
pub(crate) const ALARM_DELIVERY_RETRY: &str = "/v2/alarm-deliveries/{delivery}/retry";
/// The standard's own base path, in its version 1.
pub(crate) const MNS_ALARMS: &str = "/FaultSupervisionMnS/v1/alarms";
pub(crate) const MNS_ALARM: &str = "/FaultSupervisionMnS/v1/alarms/{alarmId}";
pub(crate) const MNS_COUNT: &str = "/FaultSupervisionMnS/v1/alarms/alarmCount";
pub(crate) const MNS_COMMENTS: &str = "/FaultSupervisionMnS/v1/alarms/{alarmId}/comments";
pub(crate) const MNS_SUBSCRIPTIONS: &str = "/FaultSupervisionMnS/v1/subscriptions";
pub(crate) const MNS_SUBSCRIPTION: &str = "/FaultSupervisionMnS/v1/subscriptions/{subscriptionId}";
pub(crate) const OPENAPI: &str = "/openapi.json";

/// The path of a deployment intent group.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DigPath {
    /// The project.
    #[param(example = "proj1")]
    project: String,
    /// The composite app.
    #[param(example = "capp1")]
    composite_app: String,
    /// The version of the composite app.
    #[param(example = "v1")]
    composite_app_version: String,
    /// The deployment intent group.
    #[param(example = "dig1")]
    deployment_intent_group: String,
}

impl From<DigPath> for DigKey {
    fn from(path: DigPath) -> Self {
        Self {
            project: path.project,
            composite_app: path.composite_app,
            version: path.composite_app_version,
            dig: path.deployment_intent_group,
        }
    }
}

/// The path of a workflow intent, below the one of its group.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntentPath {
    #[serde(flatten)]
    #[param(ignore)]
    dig: DigPath,
    /// The workflow intent.
    #[param(example = "dig1-workflow-intent")]
    workflow_intent: String,
}

impl From<IntentPath> for IntentKey {
    fn from(path: IntentPath) -> Self {
        DigKey::from(path.dig).intent(path.workflow_intent)
    }
}

/// The name of a schedule, below the path of its intent.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a part of the path that `Key` reads")]
pub(crate) struct SchedulePath {
    /// The schedule.
    #[param(example = "nightly")]
    schedule: String,
}

/// The project of rules.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a part of the path that `Key` reads")]
pub(crate) struct RulesPath {
    /// The project.
    #[param(example = "proj1")]
    project: String,
}

/// The name of a rule, below the path of its project.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a part of the path that `Key` reads")]
pub(crate) struct RulePath {
    /// The rule.
    #[param(example = "late")]
    rule: String,
}

/// Returns the path of rules over all projects for this one of rules of a project; `None` if it is not about rules.
pub(crate) fn over_all(path: &str) -> Option<String> {
    path.strip_prefix(RULES).map(|rest| format!("/v2/workflow-rules{rest}"))
}

/// Returns the path of a rule. Its names need no encoding: they were checked when it was created.
pub(crate) fn of_rule(RuleKey { project, name }: &RuleKey) -> String {
    match project {
        Some(project) => format!("/v2/projects/{project}/workflow-rules/{name}"),
        None => format!("/v2/workflow-rules/{name}"),
    }
}

/// Returns the path of a schedule. Its names need no encoding: they were checked when it was created.
pub(crate) fn of_schedule(key: &ScheduleKey) -> String {
    format!("{}/schedules/{}", of_intent(&key.intent), key.name)
}

/// Returns the path of an intent. Its names need no encoding: they were checked when it was created.
pub(crate) fn of_intent(key: &IntentKey) -> String {
    let DigKey { project, composite_app, version, dig } = &key.dig;
    let name = &key.name;
    format!(
        "/v2/projects/{project}/composite-apps/{composite_app}/{version}/deployment-intent-groups/{dig}\
         /temporal-workflow-intents/{name}"
    )
}

/// Returns the path of a run of an intent.
pub(crate) fn run_of(key: &IntentKey, id: &StartId) -> String {
    format!("{}/runs/{id}", of_intent(key))
}

/// Returns the path and query of the status of a run.
pub(crate) fn status_of(key: &IntentKey, workflow_id: &WorkflowId, run_id: &RunId) -> String {
    naming(key, "status", workflow_id, run_id)
}

/// Returns the path and query to cancel a run.
pub(crate) fn cancel_of(key: &IntentKey, workflow_id: &WorkflowId, run_id: &RunId) -> String {
    naming(key, "cancel", workflow_id, run_id)
}

fn naming(key: &IntentKey, verb: &str, workflow_id: &WorkflowId, run_id: &RunId) -> String {
    let mut path = format!("{}/{verb}?workflowID={}", of_intent(key), encoded(workflow_id.as_str()));
    if !run_id.is_empty() {
        path.push_str("&runID=");
        path.push_str(&encoded(run_id.as_str()));
    }
    path
}

/// Returns the path and query of a request, to be sent again.
pub(crate) fn again(uri: &Uri) -> String {
    match uri.query() {
        Some(query) => format!("{}?{}", uri.path(), without_plus(query)),
        None => uri.path().to_owned(),
    }
}

/// Percent-encodes a text for a segment of a path, or for a value in a query.
pub(crate) fn encoded(text: &str) -> String {
    without_plus(&url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>())
}

/// Returns an encoded query with `%20` for a space instead of `+`: all programs read it alike.
pub(crate) fn without_plus(query: &str) -> String {
    query.replace('+', "%20")
}
