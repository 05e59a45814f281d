#![doc = include_str!("../README.md")]

mod client;
mod error;
mod lookups;
mod model;
mod settings;
mod transport;

pub use client::Client;
pub use error::{BuildError, Error, Kind};
pub use model::{
    Action, AppIntent, AppIntentSpec, AppStatus, Clause, ClusterRef, ClusterStatus, Counts, Deployed,
    DeploymentIntentGroup, DigSpec, DigState, DigStatus, Extra, GenericPlacementIntent, Metadata, Placement,
    Readiness, Resource, ResourceStatus, Revision, Selector, States, StatusKind, StatusQuery,
};
pub use settings::{Retry, Settings, Token};
pub use workflow_api::DigKey;
