//! The charts as Helm renders them, with every profile. They are compared with Kubernetes' schemas, Pod
//! Security's profile *restricted*, the programs that read their settings, and snapshots.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod chart;
mod cluster;
mod golden;
mod identities;
mod made;
mod notes;
mod objects;
mod refusals;
mod restricted;
mod running;
mod schemas;
mod secrets;
mod settings;
mod texts;
mod violations;

use chart::{CHARTS, Chart, Profile};
