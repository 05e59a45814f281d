#![doc = include_str!("../README.md")]

mod client;
mod error;
mod lookups;
mod model;
mod paths;
mod settings;
mod transport;

pub use client::Client;
pub use error::{BuildError, Endpoint, Error, Kind};
pub use model::{
    Action, AppIntent, AppIntentSpec, AppStatus, Clause, ClusterRef, ClusterStatus, Counts, Deployed,
    DeploymentIntentGroup, DigSpec, DigState, DigStatus, Extra, GenericPlacementIntent, GroupVersionKind,
    Metadata, Output, OverrideValues, Placement, Readiness, ResourceStatus, Revision, Selector, States,
    StatusKind, StatusQuery,
};
pub use settings::{Retry, Settings, Token};
pub use workflow_api::DigKey;
