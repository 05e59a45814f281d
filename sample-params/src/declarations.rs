//! What the workflows of the sample worker are called, and what can be sent to them.

use workflow_api::{CURRENT_STATE, Declaration, Message, PROGRESS};

use crate::QUEUE;
use crate::activity::{
    CHECK_READINESS_STATUS, COUNT_DIGS_ON_CLUSTER, DO_DIG_ROLLBACK, DO_DIG_UPDATE, FIND_DIGS_ON_CLUSTER,
    GET_DIG_APP_INTENTS, PLAN_RELOCATION, PREFLIGHT_CHECK, RESTORE_APP_INTENTS, UPDATE_APP_INTENTS,
};

/// The signal that pauses an evacuation. It takes any argument, or none.
pub const PAUSE: &str = "pause";
/// The signal that resumes an evacuation. It takes any argument, or none.
pub const RESUME: &str = "resume";
/// The query for the report of an evacuation.
pub const REPORT: &str = "report";
/// The query for the last reading of a cluster's capacity.
pub const CURRENT_CAPACITY: &str = "capacity";

/// The activities of an evacuation. The last one is the evacuation's alone; the one before it is also a relocation's.
const ACTIVITIES: &[&str] = &[
    GET_DIG_APP_INTENTS,
    UPDATE_APP_INTENTS,
    DO_DIG_UPDATE,
    CHECK_READINESS_STATUS,
    PREFLIGHT_CHECK,
    RESTORE_APP_INTENTS,
    DO_DIG_ROLLBACK,
    PLAN_RELOCATION,
    FIND_DIGS_ON_CLUSTER,
];

/// The migration of all apps of a deployment intent group to one cluster.
pub const MIGRATE: Declaration = Declaration::new("EmcoMigrateWorkflow", QUEUE)
    .with_activities(ACTIVITIES.split_at(7).0)
    .with_queries(&[Message::any(CURRENT_STATE), Message::any(PROGRESS)]);

/// The relocation of apps to another cluster, without downtime.
pub const RELOCATE: Declaration = Declaration::new("EmcoRelocateWorkflow", QUEUE)
    .with_activities(ACTIVITIES.split_at(8).0)
    .with_queries(&[Message::any(CURRENT_STATE), Message::any(PROGRESS)]);

/// The evacuation of a cluster, in waves.
pub const EVACUATE: Declaration = Declaration::new("EmcoEvacuateClusterWorkflow", QUEUE)
    .with_activities(ACTIVITIES)
    .with_signals(&[Message::any(PAUSE), Message::any(RESUME)])
    .with_queries(&[Message::any(CURRENT_STATE), Message::any(PROGRESS), Message::any(REPORT)]);

/// The watch over a cluster's capacity.
pub const CAPACITY: Declaration = Declaration::new("EmcoClusterCapacityWorkflow", QUEUE)
    .with_activities(&[COUNT_DIGS_ON_CLUSTER])
    .with_queries(&[Message::any(CURRENT_STATE), Message::any(PROGRESS), Message::any(CURRENT_CAPACITY)]);
