//! The policies that an operator writes beside the bindings. They can only forbid, so that all rights are in the
//! bindings.

use std::collections::HashSet;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, ValidationMode, Validator};
use miette::Diagnostic;

use crate::fault::{Fault, Faults, RightsFile};
use crate::schema::schema;

/// Finds the faults of a file of policies.
///
/// # Errors
/// Returns all faults; if it is not Cedar, the first one.
pub fn check(source: &RightsFile<'_>) -> Result<(), Faults> {
    read(source).map(drop)
}

/// Reads the policies of a file. The ID of each is `file:line`.
pub(crate) fn read(source: &RightsFile<'_>) -> Result<Vec<Policy>, Faults> {
    let set: PolicySet = source.text.parse().map_err(|error: cedar_policy::ParseErrors| {
        let faults = error.iter().map(|error| source.fault(at(error), error.to_string()));
        Faults(faults.collect())
    })?;
    let mut faults: Vec<_> = invalid(source, &set).collect();
    faults.extend(set.templates().map(|template| {
        source.fault(
            0,
            format!("the template `{}` would not be linked: write policies without slots", template.id()),
        )
    }));
    let mut read = Vec::new();
    let mut ids = HashSet::new();
    for (at, policy) in with_places(source, &set) {
        if policy.effect() == Effect::Permit {
            faults
                .push(source.fault(at, "policies can only forbid: write a binding instead of this `permit`"));
        }
        let id = format!("{}:{}", source.name, source.line(at));
        if !ids.insert(id.clone()) {
            faults.push(
                source.fault(at, "another policy begins in this line: write each on a line of its own"),
            );
        }
        read.push(policy.new_id(PolicyId::new(id)));
    }
    faults.sort_by_key(|fault| fault.line);
    if faults.is_empty() { Ok(read) } else { Err(Faults(faults)) }
}

/// Returns what does not fit the schema, and what could never apply.
fn invalid<'a>(source: &'a RightsFile<'_>, set: &PolicySet) -> impl Iterator<Item = Fault> + 'a {
    let found = Validator::new(schema()).validate(set, ValidationMode::Strict);
    let errors = found.validation_errors().map(|error| source.fault(at(error), error.to_string()));
    let warnings = found.validation_warnings().map(|warning| source.fault(at(warning), warning.to_string()));
    errors.chain(warnings).collect::<Vec<_>>().into_iter()
}

/// Returns where a fault is, as a number of bytes.
fn at(fault: &dyn Diagnostic) -> usize {
    fault.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

/// Returns the policies in the order of the text, each with its place.
fn with_places<'a>(source: &RightsFile<'_>, set: &'a PolicySet) -> Vec<(usize, &'a Policy)> {
    // Cedar names policies by their numbers: policy0, policy1 and so on.
    let number = |policy: &&Policy| {
        let id = policy.id().to_string();
        id.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse::<usize>().unwrap_or(usize::MAX)
    };
    let mut policies: Vec<_> = set.policies().collect();
    policies.sort_by_key(number);
    let mut from = 0;
    let placed = policies.into_iter().map(|policy| {
        let text = policy.to_cedar().unwrap_or_default();
        let at = source.text[from..].find(&text).map_or(from, |found| from + found);
        from = (at + text.len()).min(source.text.len());
        (at, policy)
    });
    placed.collect()
}
