//! The rows of the fault table.

use std::time::Duration;

use emco_stand_in::{Effect, Fault};

/// A call to EMCO: the method, and the end of the path below the row's own resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    ListPlacementIntents,
    ListAppIntents,
    Status,
    GetDig,
    ListClusters,
    ListCloudClusters,
    ListApps,
    PutAppIntent,
    Update,
    Rollback,
}

use Call::*;

/// The calls that every workflow makes. A rollback is made if a removal was forgotten.
pub(super) const CALLS: [Call; 9] = [
    ListPlacementIntents,
    ListAppIntents,
    Status,
    GetDig,
    ListClusters,
    ListCloudClusters,
    ListApps,
    PutAppIntent,
    Update,
];

impl Call {
    pub(super) fn path(self, row: &str) -> (&'static str, String) {
        let app = format!("/projects/{row}/composite-apps/capp1/v1");
        let dig = format!("{app}/deployment-intent-groups/dig1");
        let gpis = format!("{dig}/generic-placement-intents");
        match self {
            ListPlacementIntents => ("GET", gpis),
            ListAppIntents => ("GET", format!("{gpis}/dig1-placement-intent/app-intents")),
            Status => ("GET", format!("{dig}/status")),
            GetDig => ("GET", dig),
            ListClusters => ("GET", format!("/cluster-providers/{row}-b/clusters")),
            ListCloudClusters => {
                ("GET", format!("/projects/{row}/logical-clouds/default/cluster-references"))
            }
            ListApps => ("GET", format!("{app}/apps")),
            PutAppIntent => {
                ("PUT", format!("{gpis}/dig1-placement-intent/app-intents/collectd-placement-intent"))
            }
            Update => ("POST", format!("{dig}/update")),
            Rollback => ("POST", format!("{dig}/rollback")),
        }
    }

    pub(super) fn fault(self, row: &str, effect: Effect) -> Fault {
        let (method, part) = self.path(row);
        Fault::on(method, &part, effect).at_end()
    }
}

/// The expected end of the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It completes; the app is on its target.
    Moved,
    /// It fails, or is cancelled; the app is where it was.
    Back,
    /// It fails and names what it could not undo; the app is on its target and where it was.
    Stranded,
}

use End::*;

/// What is done to the row's workflow in addition to the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Nothing,
    /// It is cancelled as soon as the call was made.
    Cancel(Call),
    /// The app never becomes ready on the target.
    Hold,
    /// The worker is killed as soon as the call was made, once for all rows.
    Kill(Call),
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) workflow: &'static str,
    pub(super) fault: Option<(Call, Effect, usize, usize)>,
    pub(super) deed: Deed,
    pub(super) end: End,
}

pub(super) fn answer(status: u16, content_type: &'static str, body: &str) -> Effect {
    Effect::Answer { status, content_type, body: body.to_owned() }
}

pub(super) const MIGRATE: &str = "EmcoMigrateWorkflow";
pub(super) const RELOCATE: &str = "EmcoRelocateWorkflow";

/// Faults that pass.
pub(super) fn passing() -> Vec<Effect> {
    vec![
        answer(503, "text/html", "<html>no healthy upstream</html>"),
        answer(500, "text/plain", "dial tcp 10.0.0.1:27017: i/o timeout\n"),
        answer(429, "text/plain", ""),
        Effect::HangUp,
        Effect::LoseAnswer,
        Effect::HalfBody("[{\"metadata\":".to_owned()),
        Effect::Twice,
        Effect::Delay(Duration::from_millis(500)),
        Effect::Silence,
    ]
}

/// Lasting faults.
pub(super) fn lasting() -> Vec<Effect> {
    vec![
        answer(400, "text/plain", "Invalid Input:\n"),
        answer(403, "text/plain", "RBAC: access denied"),
        answer(200, "text/html", "<html>Welcome</html>"),
        answer(200, "application/json", "\"of another type\""),
        answer(302, "text/html", ""),
    ]
}

/// Returns all rows that need no killed worker.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |workflow, call, effect: &Effect, after, times, end| {
        rows.push(Row {
            workflow,
            fault: Some((call, effect.clone(), after, times)),
            deed: Deed::Nothing,
            end,
        });
    };
    for call in CALLS {
        passing().iter().for_each(|effect| add(MIGRATE, call, effect, 0, 1, Moved));
        lasting().iter().for_each(|effect| add(MIGRATE, call, effect, 0, 1, Back));
        // A lasting fault: the intent's retry policy ends the retries.
        add(MIGRATE, call, &answer(503, "text/plain", ""), 0, usize::MAX, Back);
        add(MIGRATE, call, &Effect::HangUp, 0, usize::MAX, Back);
    }
    // The first attempt has the effect, and the second one finds it.
    for call in [PutAppIntent, Update] {
        add(MIGRATE, call, &Effect::LoseAnswer, 0, usize::MAX, Moved);
        // Once for each step of a relocation.
        for after in [0, 1] {
            passing().iter().for_each(|effect| add(RELOCATE, call, effect, after, 1, Moved));
            lasting().iter().for_each(|effect| add(RELOCATE, call, effect, after, 1, Back));
        }
    }
    // Whatever the result of one rollback is, another one follows.
    for workflow in [MIGRATE, RELOCATE] {
        for effect in passing().iter().chain(&lasting()) {
            add(workflow, Rollback, effect, 0, 1, Moved);
        }
    }
    // EMCO's texts with status 500 and 400.
    for text in [
        "No compatible clusters have been provided to the Deployment Intent Group",
        "The Logical Cloud has never been instantiated",
    ] {
        add(MIGRATE, Update, &answer(500, "text/plain", text), 0, 1, Back);
    }
    let pending = "The Logical Cloud is still instantiating, please wait and try again.";
    add(MIGRATE, Update, &answer(500, "text/plain", pending), 0, 1, Moved);
    // The state of the app is unknown, so the failure must not claim that the move was undone.
    add(MIGRATE, Status, &answer(503, "text/plain", ""), 5, usize::MAX, Stranded);
    for workflow in [MIGRATE, RELOCATE] {
        rows.push(Row { workflow, fault: None, deed: Deed::Hold, end: Back });
        rows.push(Row { workflow, fault: None, deed: Deed::Nothing, end: Moved });
        let calls = CALLS.into_iter().filter(|call| workflow == MIGRATE || *call != ListApps);
        for call in calls.chain([Rollback]) {
            let fault = Some((call, Effect::Silence, 0, 1));
            rows.push(Row { workflow, fault, deed: Deed::Cancel(call), end: Back });
        }
    }
    rows
}
