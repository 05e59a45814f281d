//! Examples for the API's document.

use serde_json::{Value, json};

/// A rule for examples.
pub(super) fn sample_rule() -> Value {
    json!({
        "metadata": {"name": "late", "description": "", "userData1": "", "userData2": ""},
        "spec": {
            "scope": {"compositeApp": "capp1", "intent": "migrate-*"},
            "when": {"runningFor": 1_800_000_000_000_u64},
            "for": 60_000_000_000_u64,
            "then": [
                {"alarm": {"probableCause": "workflowLate"}, "once": "Episode"},
                {"cancel": {"reason": "it is late", "escalateAfter": 300_000_000_000_u64}, "once": "Run"},
            ],
        },
    })
}

/// A decision for examples.
pub(super) fn sample_decision() -> Value {
    json!({
        "intent": "proj1/capp1/v1/dig1/migrate-app",
        "workflowID": "migrate-apps-1",
        "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071",
        "episode": 1,
        "state": "Fired",
        "since": "2026-11-30T01:30:10Z",
        "firedAt": "2026-11-30T01:31:10Z",
        "revision": 3,
        "why": {"term": "runningFor 30m", "state": "Holds", "seen": "is running for 31m 10s"},
        "actions": [
            {"action": "alarm", "state": "Done", "text": "workflowLate"},
            {"action": "cancel", "state": "Done"},
        ],
    })
}
