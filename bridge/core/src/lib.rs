//! The use cases of the bridge, and the ports that they need. HTTP, SQL and the engine are in other packages.
//!
//! Each use case is an async function `f(&Request, typed arguments)`. It passes [`access`] before it does anything.
#![warn(missing_docs)]

pub mod access;
mod alarms;
mod audits;
mod chain;
mod clock;
mod conditions;
mod gauge;
mod intents;
mod lookup;
pub mod model;
mod parts;
pub mod ports;
mod request;
mod rights;
mod rules;
mod runs;
mod schedules;
mod sessions;
mod settings;
mod starts;
mod tasks;
mod workflows;

pub use alarms::{
    AlarmError, AlarmFollowed, AlarmPage, AlarmScope, Alarms, Commented, DeliveryPage, MOST_SUBSCRIPTIONS,
};
pub use audits::{AuditError, AuditPage, Audits};
pub use clock::{Clock, SystemClock};
pub use conditions::{Conditions, Revisions};
pub use gauge::{OPEN_STREAMS, OPEN_WAITS};
pub use intents::{
    ChangeOptions, Changed, ClientAnswer, ClientCheck, GroupPage, IntentFilter, IntentPage, IntentSearch,
    IntentSearchPage, Intents, IntentsError, Listing, NamedClient, NamedPage, NamedQueue, NamedSearch, Offer,
};
pub use lookup::IntentError;
pub use parts::{AlarmParts, Limits, Parts};
pub use request::{Actor, Cause, Correlation, Proof, Request};
pub use rights::{Right, Rights};
pub use rules::{ChangedRule, Decided, FoundRule, MOST_RULES, RuleError, RuleOptions, RuleRevision, Rules};
pub use runs::{LiveRun, LiveState, Retrying, RunError, RunPage, RunSearch, Runs};
pub use schedules::{
    ChangedSchedule, FireError, Fired, FollowedRun, FoundSchedule, MOST_SCHEDULES, ScheduleError,
    ScheduleOptions, ScheduleRevision, Schedules,
};
pub use sessions::Sessions;
pub use settings::Settings;
pub use starts::{
    STARTS, StartError, StartFault, StartKeyRequest, StartOrder, StartPreview, StartReport, StartedRun,
    Starts,
};
pub use tasks::Tasks;
pub use workflows::{
    Addressee, FollowRequest, Followed, MorePages, Pause, Position, QueryOrder, SignalOrder, StatusMethod,
    StatusMethodError, StatusReport, StatusRequest, Stop, UpdateOrder, WorkflowError, Workflows,
};

/// All use cases.
#[derive(Debug, Clone)]
pub struct App {
    /// The use cases about intents.
    pub intents: Intents,
    /// The use cases that start workflows.
    pub starts: Starts,
    /// The use cases about workflows that were started.
    pub workflows: Workflows,
    /// The use cases about start records.
    pub runs: Runs,
    /// The use case about the caller's own rights.
    pub rights: Rights,
    /// The use cases about the audit.
    pub audits: Audits,
    /// The use cases about schedules.
    pub schedules: Schedules,
    /// The use cases about rules.
    pub rules: Rules,
    /// Logins and logouts of browsers.
    pub sessions: Sessions,
    /// The use cases about alarms.
    pub alarms: Alarms,
    /// The use case about the settings of the bridge.
    pub settings: Settings,
}

impl App {
    /// Creates the use cases with these parts.
    #[must_use]
    pub fn new(parts: &Parts) -> Self {
        let (starts, workflows) = (Starts::new(parts.clone()), Workflows::new(parts.clone()));
        let alarms = Alarms::new(parts.clone());
        let schedules = Schedules::new(parts.clone(), starts.clone(), workflows.clone(), alarms.clone());
        Self {
            intents: Intents::new(parts.clone()),
            rules: Rules::new(
                parts.clone(),
                starts.clone(),
                workflows.clone(),
                schedules.clone(),
                alarms.clone(),
            ),
            schedules,
            starts,
            workflows,
            runs: Runs::new(parts.clone()),
            rights: Rights::new(parts),
            audits: Audits::new(parts.clone()),
            sessions: Sessions::new(parts.clone()),
            settings: Settings::new(parts.clone()),
            alarms,
        }
    }
}
