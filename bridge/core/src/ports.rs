//! The interfaces of the use cases to the outside. Other packages of the bridge implement them.

mod alarms;
mod audit;
mod clients;
mod deliveries;
mod documents;
mod engine;
mod engine_error;
mod intents;
mod page;
mod parents;
mod rules;
mod schedules;
mod search;
mod sessions;
mod starts;
mod store;
mod store_error;
mod targets;

pub use alarms::{AlarmChange, AlarmFilter, AlarmStore, KeptAlarm, KeptNotification, Recipients};
pub use audit::{Audit, EventFilter, EventPlace, KeptEvent};
pub use clients::{Accepted, ClientError, Clients, Invocation, is_of_a_gateway};
pub use deliveries::{
    Delivery, DeliveryFilter, DeliveryStore, DeliveryView, KeptSubscription, Subscription,
    subscription_target,
};
pub use documents::DocumentStore;
pub use engine::{
    Closed, Description, Engine, Outline, PauseOrder, Pollers, Query, QueuePollers, RejectCondition, Reset,
    ResetPoint, RunClose, RunEvent, Signal, StopOrder, Update, Updated, Waited,
};
pub use engine_error::{
    Cause, CommandError, EngineError, EscalateError, PauseError, QueryError, ResetError, UpdateError,
};
pub use intents::IntentStore;
pub use page::{HistoryPage, HistoryRequest, NoPageToken, PageToken};
pub use parents::{ParentError, Parents};
pub use rules::{KeptCourse, PastLook, QueueLook, RuleStore, Watch};
pub use schedules::Scheduler;
pub use search::{FoundIntent, SearchStore};
pub use sessions::{NewSession, SessionStore};
pub use starts::{Begun, StartStore, Successful, Terms};
pub use store::{PoolState, Store};
pub use store_error::StoreError;
pub use targets::{TargetError, Targets};
