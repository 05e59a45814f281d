//! The documents of the demo, in emcoctl's form: two clusters, one project, one app on the first cluster.
//!
//! They are EMCO's own sample in substance, so that what is shown here can be repeated with `emcoctl` against a real EMCO.

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

/// All resource files in one stream, rendered with [`VALUES`].
///
/// # Errors
/// None in fact: the files are part of the program.
pub fn documents() -> anyhow::Result<String> {
    render(&FILES.join("\n---\n"), VALUES)
}

/// The deployment intent group that the samples make.
pub fn dig() -> DigKey {
    DigKey::new("proj1", "capp1", "v1", "dig1")
}
