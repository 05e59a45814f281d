//! The documents of the demo, in emcoctl's form: two clusters, one project, one app on the first cluster.
//!
//! They correspond to EMCO's own sample, so that the demo can be repeated with `emcoctl` against a real EMCO.

use emco::DigKey;

use crate::render;

/// The resource files in the order in which they are applied, not yet rendered.
pub const FILES: [&str; 4] = [
    include_str!("../samples/00-clusters-and-project.yaml"),
    include_str!("../samples/01-instantiate-logical-cloud.yaml"),
    include_str!("../samples/02-app-and-deployment-intent-group.yaml"),
    include_str!("../samples/03-instantiate-deployment-intent-group.yaml"),
];

/// The values they are rendered with.
pub const VALUES: &str = include_str!("../samples/values.yaml");

/// Returns all resource files in one stream, rendered with [`VALUES`].
///
/// # Errors
/// Never returns an error: the files are part of the program.
pub fn documents() -> anyhow::Result<String> {
    render(&FILES.join("\n---\n"), VALUES)
}

/// Returns the deployment intent group that the samples create.
pub fn dig() -> DigKey {
    DigKey::new("proj1", "capp1", "v1", "dig1")
}
