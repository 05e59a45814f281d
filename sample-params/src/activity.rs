//! The names of the activities, which an intent's options may contain. Workers and running workflows know them by these
//! names, so none may change.

/// Reads a deployment intent group (EMCO-API §2.5).
pub const GET_DIG_APP_INTENTS: &str = "GetDigAppIntents";
/// Writes the new placements (EMCO-API §2.5).
pub const UPDATE_APP_INTENTS: &str = "UpdateAppIntents";
/// Makes EMCO act on them (EMCO-API §2.5).
pub const DO_DIG_UPDATE: &str = "DoDigUpdate";
/// Waits until the apps are ready (EMCO-API §2.5).
pub const CHECK_READINESS_STATUS: &str = "CheckReadinessStatus";
/// Checks everything before anything is written.
pub const PREFLIGHT_CHECK: &str = "PreflightCheck";
/// Restores the former placements.
pub const RESTORE_APP_INTENTS: &str = "RestoreAppIntents";
/// Rolls a deployment intent group back.
pub const DO_DIG_ROLLBACK: &str = "DoDigRollback";
/// Plans the relocation of one app.
pub const PLAN_RELOCATION: &str = "PlanRelocation";
/// Searches EMCO for apps on a cluster.
pub const FIND_DIGS_ON_CLUSTER: &str = "FindDigsOnCluster";
/// Counts the deployment intent groups that have apps on a cluster.
pub const COUNT_DIGS_ON_CLUSTER: &str = "CountDigsOnCluster";
