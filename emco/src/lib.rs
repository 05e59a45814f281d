//! Typed client of EMCO's REST API, for the calls that workflows need.
//!
//! [`Client`] reads a deployment intent group's placement, changes it and asks EMCO to act on the change:
//!
//! ```no_run
//! # async fn move_app() -> Result<(), Box<dyn std::error::Error>> {
//! use emco::{Client, Clause, DigKey, Settings, StatusQuery};
//!
//! let emco = Client::new("http://orchestrator:9015", Settings::default())?;
//! let dig = DigKey::new("proj1", "capp1", "v1", "dig1");
//! for gpi in emco.list_generic_placement_intents(&dig).await? {
//!     for mut intent in emco.list_app_intents(&dig, &gpi.metadata.name).await? {
//!         intent.spec.intent.all_of = vec![Clause::cluster("provider2", "cluster2")];
//!         emco.put_app_intent(&dig, &gpi.metadata.name, &intent).await?;
//!     }
//! }
//! let revision = emco.update_dig(&dig).await?;
//! let status = emco.dig_status(&dig, &StatusQuery::ready()).await?;
//! println!("revision {revision}, ready: {}", status.is_ready());
//! # Ok(()) }
//! ```
//!
//! Reads and `PUT`s are repeated, a bounded number of times, when that can help; `POST /update` never is, because each one
//! makes a revision. An [`Error`] keeps what EMCO said, and [`Error::kind`] says what it means: EMCO answers 500 or 400 to
//! much that is neither.
//!
//! Feature `stand-in`: the module `stand_in`, a server that behaves like EMCO, for tests and the demo.

mod client;
mod error;
mod lookups;
mod model;
mod settings;
#[cfg(feature = "stand-in")]
pub mod stand_in;
mod transport;

pub use client::Client;
pub use error::{BuildError, Endpoint, Error, Kind};
pub use model::{
    Action, AppIntent, AppIntentSpec, AppStatus, Clause, ClusterRef, ClusterStatus, Counts, Deployed,
    DeploymentIntentGroup, DigKey, DigSpec, DigState, DigStatus, Extra, GenericPlacementIntent,
    GroupVersionKind, Metadata, Output, OverrideValues, Placement, Readiness, ResourceStatus, Revision,
    Selector, States, StatusKind, StatusQuery,
};
pub use settings::{Retry, Settings, Token};
