//! Paths of EMCO's resources, in segments.

use workflow_api::DigKey;

/// The path segments of a collection of the DIG's composite app.
pub(crate) fn of_composite_app<'a>(dig: &'a DigKey, collection: &'a str) -> Vec<&'a str> {
    vec!["v2", "projects", &dig.project, "composite-apps", &dig.composite_app, &dig.version, collection]
}

/// The path segments of the DIG, and what follows them.
pub(crate) fn of_dig<'a>(dig: &'a DigKey, below: &[&'a str]) -> Vec<&'a str> {
    let path = [
        "v2",
        "projects",
        &dig.project,
        "composite-apps",
        &dig.composite_app,
        &dig.version,
        "deployment-intent-groups",
        &dig.dig,
    ];
    [&path, below].concat()
}
