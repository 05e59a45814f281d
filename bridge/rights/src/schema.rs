//! The entities and actions that policies are about, as Cedar's schema.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use bridge_core::access::{Action, Group};
use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};

/// All entities, and the context of a decision. Actions follow.
const ENTITIES: &str = r#"
entity Installation;
entity Project in [Installation];
entity CompositeApp in [Project];
entity Version in [CompositeApp];
entity Dig in [Version];
entity Intent in [Dig] { name: String };

entity Group;
entity User, ServiceAccount, Token, Certificate, ProxyUser, Schedule, Rule, Anonymous in [Group] { name: String };

// UTC. `date` is 20261231 for 31 December 2026, `minute` counts from midnight, `weekday` is 1 on Mondays, `epoch`
// counts seconds since 1970.
type Time = { date: Long, minute: Long, weekday: Long, epoch: Long };
// What is named beyond the intent itself.
type Names = {
    client?: String, taskQueue?: String, workflow?: String, otherWorkflow?: String, server?: String, namespace?: String,
};
type Call = { time: Time, names?: Names };
"#;

const PRINCIPALS: &str = "[User, ServiceAccount, Token, Certificate, ProxyUser, Schedule, Rule, Anonymous]";

type Kind = LazyLock<EntityTypeName>;

/// What contains what, from the outside.
pub(crate) static LEVELS: [Kind; 5] = [
    Kind::new(|| kind_of("Installation")),
    Kind::new(|| kind_of("Project")),
    Kind::new(|| kind_of("CompositeApp")),
    Kind::new(|| kind_of("Version")),
    Kind::new(|| kind_of("Dig")),
];
pub(crate) static INTENT: Kind = Kind::new(|| kind_of("Intent"));
pub(crate) static GROUP: Kind = Kind::new(|| kind_of("Group"));
pub(crate) static USER: Kind = Kind::new(|| kind_of("User"));
pub(crate) static SERVICE_ACCOUNT: Kind = Kind::new(|| kind_of("ServiceAccount"));
pub(crate) static TOKEN: Kind = Kind::new(|| kind_of("Token"));
pub(crate) static CERTIFICATE: Kind = Kind::new(|| kind_of("Certificate"));
pub(crate) static PROXY_USER: Kind = Kind::new(|| kind_of("ProxyUser"));
pub(crate) static SCHEDULE: Kind = Kind::new(|| kind_of("Schedule"));
pub(crate) static RULE: Kind = Kind::new(|| kind_of("Rule"));
pub(crate) static ANONYMOUS: Kind = Kind::new(|| kind_of("Anonymous"));
static ACTION: Kind = Kind::new(|| kind_of("Action"));

/// Each action with the groups that it is in.
pub(crate) static ACTIONS: LazyLock<HashMap<Action, (EntityUid, HashSet<EntityUid>)>> = LazyLock::new(|| {
    let groups = |action: Action| action.groups().iter().map(|group| uid(&ACTION, group.word())).collect();
    Action::ALL.into_iter().map(|action| (action, (uid(&ACTION, action.word()), groups(action)))).collect()
});

fn kind_of(name: &str) -> EntityTypeName {
    name.parse().expect("it is an identifier")
}

pub(crate) fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

/// Returns a group of actions as policies write it.
pub(crate) fn group(group: Group) -> String {
    uid(&ACTION, group.word()).to_string()
}

/// Returns the schema as text: entities, and each action in its groups.
fn text() -> String {
    let mut text = ENTITIES.to_owned();
    for group in Group::ALL {
        text += &format!("action {};\n", quoted(group.word()));
    }
    for action in Action::ALL {
        let groups: Vec<_> = action.groups().iter().map(|group| quoted(group.word())).collect();
        let resources = match action {
            _ if action.is_of_bridge() => "Installation",
            _ if action.is_about_alarms() => "Installation, Dig, Intent",
            _ if action.is_about_rules() => "Installation, Project",
            // Who writes a rule needs the rights of what it does, in the whole project.
            _ => "Installation, Project, Dig, Intent",
        };
        text += &format!(
            "action {} in [{}] appliesTo {{ principal: {PRINCIPALS}, resource: [{resources}], context: Call }};\n",
            quoted(action.word()),
            groups.join(", ")
        );
    }
    text
}

pub(crate) fn schema() -> Schema {
    text().parse().expect("the schema is sound")
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
