//! Templates of workflow IDs, by which one intent launches many workflows.

use crate::identity::IDENTITY_MAX;
use crate::{Fault, cut};

/// The placeholder for a new UUID.
pub const UUID: &str = "{{uuid}}";
/// The placeholder for the number of the start.
pub const RUN_NUMBER: &str = "{{run}}";

/// The length of a UUID as text, in bytes.
const UUID_LEN: usize = 36;
/// The most digits that the number of a start can have.
const NUMBER_MAX: usize = 20;

/// Whether each start of an intent with this workflow ID makes another workflow: the ID has a placeholder, or is empty,
/// which stands for a new UUID as in Go's SDK (EMCO-API §1.3).
#[must_use]
pub fn is_open(workflow_id: &str) -> bool {
    workflow_id.is_empty() || workflow_id.contains(UUID) || workflow_id.contains(RUN_NUMBER)
}

/// Returns the faults for which the text at the JSON path `path` is not a workflow ID or a template of one.
#[must_use]
pub fn faults(path: &str, text: &str) -> Vec<Fault> {
    let fault = |message| Fault::new(path, message);
    if text.len() > IDENTITY_MAX {
        return vec![fault(format!("is too long; Temporal accepts {IDENTITY_MAX} bytes"))];
    }
    let unknown = placeholders(text).filter(|name| ![UUID, RUN_NUMBER].contains(name)).map(|name| {
        let name = cut(name);
        fault(format!("has the unknown placeholder `{name}`: write `{UUID}`, `{RUN_NUMBER}`, or no `{{{{`"))
    });
    let longest =
        text.len() + text.matches(UUID).count() * UUID_LEN + text.matches(RUN_NUMBER).count() * NUMBER_MAX;
    let too_long = (longest > IDENTITY_MAX)
        .then(|| fault(format!("may become too long; Temporal accepts {IDENTITY_MAX} bytes")));
    // Temporal and the databases refuse it.
    let nul = text.contains('\0').then(|| fault("has a NUL character: write it without".to_owned()));
    unknown.chain(too_long).chain(nul).collect()
}

/// Returns each part from `{{` to `}}`. One without an end reaches to the end of the text.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[rest.find("{{")?..];
        let end = rest.find("}}").map_or(rest.len(), |end| end + 2);
        let (placeholder, after) = rest.split_at(end);
        rest = after;
        Some(placeholder)
    })
}
