//! Schedules of workflow intents.

pub(crate) mod change;
pub(crate) mod command;
pub(crate) mod get;
pub(crate) mod preview;
pub(crate) mod revisions;

use serde_json::{Value, json};

/// A schedule for examples.
fn sample_schedule() -> Value {
    json!({
        "metadata": {"name": "nightly", "description": "", "userData1": "", "userData2": ""},
        "spec": {
            "crons": ["30 2 * * 1-5"], "timeZone": "Europe/Berlin", "overlap": "Skip", "pauseOnFailure": true,
            "maxStarts": 0, "revision": 0, "start": {"workflowID": "", "activityParams": {}},
        },
    })
}
