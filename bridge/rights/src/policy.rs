//! The policies of bindings.

use std::collections::HashMap;

use bridge_core::access::{Action, Group};
use cedar_policy::{EntityUid, Policy, PolicyId, PolicySet, SlotId, Template};

use crate::binding::{Binding, Uses};
use crate::schema::{ACTIONS, group};
use crate::subject::{Subject, entity};

/// The policy of a binding for one of its subjects.
#[derive(Debug, Clone)]
pub(crate) enum BindingPolicy {
    /// A link of the template of its role.
    Link { template: PolicyId, slots: HashMap<SlotId, EntityUid> },
    /// A policy of its own: a template has slots in its scope only, not in its conditions.
    Own(Box<Policy>),
}

impl BindingPolicy {
    /// Makes the policy. `id` must be unique in a set.
    pub(crate) fn new(id: &str, binding: &Binding, subject: &Subject) -> Self {
        let (principal, resource) = (entity(subject), binding.scope.uid());
        if binding.intents.is_empty() && binding.uses == Uses::default() {
            let slots = [(SlotId::principal(), principal), (SlotId::resource(), resource)];
            return Self::Link { template: template_id(binding.role.0), slots: slots.into() };
        }
        let text = text(
            binding.role.0,
            &principal.to_string(),
            &resource.to_string(),
            &format!("({}) && ({})", intents(&binding.intents), names(&binding.uses)),
        );
        let policy = Policy::parse(Some(PolicyId::new(id)), text);
        Self::Own(Box::new(policy.expect("names and patterns are escaped")))
    }

    /// Adds the policy to a set that has the templates.
    pub(crate) fn add_to(&self, set: &mut PolicySet, id: &str) {
        let added = match self {
            Self::Own(policy) => set.add((**policy).clone()),
            Self::Link { template, slots } => set.link(template.clone(), PolicyId::new(id), slots.clone()),
        };
        added.expect("IDs are unique, and each role has a template");
    }
}

/// Returns a set with the template of each role.
pub(crate) fn templates() -> PolicySet {
    let mut set = PolicySet::new();
    for group in Group::ALL {
        let text = text(group, "?principal", "?resource", &names(&Uses::default()));
        let template = Template::parse(Some(template_id(group)), text).expect("it is sound");
        set.add_template(template).expect("groups have different names");
    }
    set
}

fn template_id(group: Group) -> PolicyId {
    PolicyId::new(group.word())
}

fn text(of: Group, principal: &str, resource: &str, when: &str) -> String {
    let of = group(of);
    format!("permit(principal in {principal}, action in {of}, resource in {resource}) when {{ {when} }};")
}

/// Returns the condition on the intent. Who may see some intents of a group may list the group.
fn intents(globs: &[String]) -> String {
    if globs.is_empty() {
        return "true".to_owned();
    }
    let (list, _) = &ACTIONS[&Action::ListIntents];
    format!("if resource is Intent then ({}) else action == {list}", like("resource.name", globs))
}

/// Returns the condition on what is named beyond the intent.
fn names(uses: &Uses) -> String {
    let anything = ["*".to_owned()];
    let Uses { clients, task_queues, workflows, servers, namespaces } = uses;
    let named = [
        ("client", clients.as_slice()),
        ("taskQueue", task_queues),
        ("workflow", workflows.as_deref().unwrap_or(&anything)),
        ("otherWorkflow", workflows.as_deref().unwrap_or_default()),
        ("server", servers),
        ("namespace", namespaces),
    ];
    let each = named.map(|(name, globs)| {
        let value = format!("context.names.{name}");
        format!("(if context.names has {name} then ({}) else true)", like(&value, globs))
    });
    format!("if context has names then {} else true", each.join(" && "))
}

/// Returns the condition that a value is like one of the globs.
fn like(value: &str, globs: &[String]) -> String {
    let each: Vec<_> = globs.iter().map(|glob| format!("{value} like {}", pattern(glob))).collect();
    if each.is_empty() { "false".to_owned() } else { each.join(" || ") }
}

/// Returns a pattern as policies write it, in which `*` stands for any text.
fn pattern(glob: &str) -> String {
    let mut text = String::from('"');
    for letter in glob.chars() {
        match letter {
            '*' => text.push('*'),
            '"' | '\\' => text.extend(['\\', letter]),
            _ if letter.is_control() => text += &format!("\\u{{{:x}}}", u32::from(letter)),
            _ => text.push(letter),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use cedar_policy::{ValidationMode, Validator};

    use super::*;
    use crate::fault::RightsFile;
    use crate::schema::schema;

    #[test]
    fn every_form_of_policy_fits_the_schema() {
        let bindings = r#"
[[binding]]
name = "a"
role = "author"
subjects = [{ user = "a", issuer = "i" }, { group = "g", issuer = "i" }, { serviceAccount = "n/s", issuer = "i" }]
scope = "p/a/v/d"
intents = ["a*", "b_c"]
uses = { clients = ["*"], taskQueues = ["a", "b"], workflows = ["w*"], servers = ["s"], namespaces = ["n"] }

[[binding]]
name = "b"
role = "viewer"
subjects = ["anonymous", "authenticated", { token = "t" }, { certificate = "c" }, { proxyUser = "p" }]
scope = "p/**"

[[binding]]
name = "c"
role = "operator"
subjects = ["schedules", "rules", { schedule = "p/a/v/d/i/s" }, { rule = "p/r" }, { rule = "*/r" }]
scope = "**"
"#;
        let bindings = crate::document::read(&RightsFile { name: "r", text: bindings }).unwrap();
        let mut set = templates();
        for binding in &bindings {
            for subject in &binding.subjects {
                let id = set.num_of_policies().to_string();
                BindingPolicy::new(&id, binding, subject).add_to(&mut set, &id);
            }
        }
        assert_eq!(set.num_of_policies(), 13);
        let found = Validator::new(schema()).validate(&set, ValidationMode::Strict);
        assert!(found.validation_passed_without_warnings(), "{found}");
    }
}
