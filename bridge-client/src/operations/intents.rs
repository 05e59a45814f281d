//! Intents: what to start, and with which options.

use workflow_api::{DigKey, IntentKey, RollbackRequest, WorkflowIntent};

use super::{of_group, operations};
use crate::model::{Change, Check, Group, Revision};

operations! {
    /// Lists the intents of a deployment intent group, ordered by name. Filters: `workflowClientName`, `taskQueue`,
    /// `workflowType`, `state`, `clientCheck`.
    GET of_group!("") => list_intents(dig: DigKey) -> Vec<WorkflowIntent>;

    /// Lists the deployment intent groups that have intents, ordered by their names. Filter: `project`.
    GET "/v2/deployment-intent-groups" => list_groups() -> Vec<Group>;

    /// Creates an intent.
    POST of_group!("") => create_intent(dig: DigKey) [WorkflowIntent] -> WorkflowIntent;

    /// Returns an intent. Its `ETag` is its revision.
    GET of_group!("/{workflowIntent}") => get_intent(intent: IntentKey) -> WorkflowIntent;

    /// Replaces or creates an intent: 200 or 201.
    PUT of_group!("/{workflowIntent}") => put_intent(intent: IntentKey) [WorkflowIntent] -> WorkflowIntent;

    /// Deletes an intent. Its runs continue.
    DELETE of_group!("/{workflowIntent}") => delete_intent(intent: IntentKey) -> ();

    /// Lists the changes of an intent, newest first; also of a deleted one.
    GET of_group!("/{workflowIntent}/revisions") => list_revisions(intent: IntentKey) -> Vec<Change>;

    /// Returns a revision of an intent.
    GET of_group!("/{workflowIntent}/revisions/{revision}") =>
        get_revision(intent: IntentKey, revision: i64) -> Revision;

    /// Makes an earlier revision the newest.
    POST of_group!("/{workflowIntent}/rollback") =>
        roll_back_intent(intent: IntentKey) [RollbackRequest] -> WorkflowIntent;

    /// Asks the workflow client whether it accepts the intent, and what it declares.
    GET of_group!("/{workflowIntent}/check") => check_intent(intent: IntentKey) -> Check;
}
