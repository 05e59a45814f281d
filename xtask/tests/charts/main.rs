//! The charts as Helm renders them: with every profile there is, held against Kubernetes' schemas, Pod Security's *restricted*
//! profile, the programs that read their settings, and what they were before.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod chart;
mod golden;
mod made;
mod notes;
mod objects;
mod refusals;
mod restricted;
mod running;
mod schemas;
mod secrets;
mod settings;
mod violations;

use chart::{CHARTS, Chart, Profile};
