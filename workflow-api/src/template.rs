//! Templates of workflow IDs: one intent launches many workflows.

use crate::Fault;
use crate::identity::IDENTITY_MAX;

/// Stands in a workflow ID for a new UUID.
pub const UUID: &str = "{{uuid}}";
/// Stands in a workflow ID for the number of the start.
pub const RUN_NUMBER: &str = "{{run}}";

/// How many bytes a UUID has as text.
const UUID_LEN: usize = 36;
/// The number of a start has no more digits.
const NUMBER_MAX: usize = 20;

/// Whether each start of an intent with this workflow ID makes a workflow of its own: it has a placeholder, or is empty,
/// which stands for a new UUID as in Go's SDK (EMCO-API §1.3).
#[must_use]
pub fn is_open(workflow_id: &str) -> bool {
    workflow_id.is_empty() || workflow_id.contains(UUID) || workflow_id.contains(RUN_NUMBER)
}

/// What keeps the text at the JSON path `path` from being a workflow ID or a template of one; empty when nothing does.
#[must_use]
pub fn faults(path: &str, text: &str) -> Vec<Fault> {
    let fault = |message| Fault::new(path, message);
    let unknown = placeholders(text).filter(|name| ![UUID, RUN_NUMBER].contains(name)).map(|name| {
        fault(format!("has `{name}`, which stands for nothing: write `{UUID}`, `{RUN_NUMBER}`, or no `{{{{`"))
    });
    let longest =
        text.len() + text.matches(UUID).count() * UUID_LEN + text.matches(RUN_NUMBER).count() * NUMBER_MAX;
    let too_long = (longest > IDENTITY_MAX)
        .then(|| fault(format!("gets too long; Temporal takes {IDENTITY_MAX} bytes")));
    // Neither Temporal nor a database takes it.
    let nul = text.contains('\0').then(|| fault("has a NUL character: write it without".to_owned()));
    unknown.chain(too_long).chain(nul).collect()
}

/// Everything from `{{` to `}}`; what does not end goes on to the end.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_placeholders_are_faults_each() {
        for (text, names) in [
            ("{{Run}}", &["{{Run}}"][..]),
            ("{{ uuid }}-{{run}}-{{}}", &["{{ uuid }}", "{{}}"]),
            ("{{run", &["{{run"]),
            ("{{uuid}}{{{run}}}", &["{{{run}}"]),
        ] {
            let faults = faults("$.id", text);
            assert_eq!(faults.len(), names.len(), "{text}: {faults:?}");
            for (fault, name) in faults.iter().zip(names) {
                assert_eq!(fault.path, "$.id");
                assert!(fault.message.contains(&format!("`{name}`")), "{fault:?}");
            }
        }
        assert_eq!(faults("$.id", "plain {x} }} {{uuid}}-{{run}}"), []);
    }

    #[test]
    fn no_id_has_a_nul_character() {
        assert_eq!(faults("$.id", "a\0b").len(), 1);
    }

    #[test]
    fn an_id_that_may_get_too_long_is_a_fault() {
        assert_eq!(faults("$.id", &"x".repeat(1000)), []);
        assert_eq!(faults("$.id", &format!("{}{{{{run}}}}", "x".repeat(990))).len(), 1);
    }

    #[test]
    fn an_empty_id_and_placeholders_leave_the_workflow_open() {
        assert!(["", "{{uuid}}", "a-{{run}}"].into_iter().all(is_open));
        assert!(!is_open("a {b}"));
    }
}
