//! The subjects of bindings: what an actor is, and the entities of Cedar.

use bridge_core::{Actor, Proof};
use cedar_policy::EntityUid;
pub(crate) use workflow_api::Subject;

use crate::schema::{
    ANONYMOUS, CERTIFICATE, GROUP, PROXY_USER, RULE, SCHEDULE, SERVICE_ACCOUNT, TOKEN, USER, uid,
};

/// Returns the subject that an actor is itself.
pub(crate) fn of(actor: &Actor) -> Subject {
    let name = || actor.name().to_owned();
    match actor.proof() {
        Proof::None => Subject::Anonymous,
        Proof::Token => Subject::Token(name()),
        Proof::Certificate => Subject::Certificate(name()),
        Proof::Proxy => Subject::ProxyUser(name()),
        Proof::Issuer => Subject::user(actor.issuer(), actor.name()),
        Proof::Schedule => {
            Subject::Schedule(actor.name().strip_prefix("schedule/").unwrap_or_default().to_owned())
        }
        Proof::Rule => Subject::Rule(actor.name().strip_prefix("rule/").unwrap_or_default().to_owned()),
    }
}

/// Returns the other subjects that an actor belongs to.
pub(crate) fn groups_of(actor: &Actor) -> impl Iterator<Item = Subject> {
    let issuer = actor.issuer().to_owned();
    let group = move |name: &String| Subject::Group { issuer: issuer.clone(), name: name.clone() };
    // What is the bridge's own has proven nothing to anybody outside.
    let proven = match actor.proof() {
        Proof::None => None,
        Proof::Schedule => Some(Subject::Schedules),
        Proof::Rule => Some(Subject::Rules),
        _ => Some(Subject::Authenticated),
    };
    actor.groups().iter().map(group).chain(proven)
}

/// Returns the entity of a subject.
pub(crate) fn entity(subject: &Subject) -> EntityUid {
    let issued = |issuer: &str, name: &str| format!("{issuer}/{name}");
    match subject {
        Subject::User { issuer, name } => uid(&USER, &issued(issuer, name)),
        Subject::ServiceAccount { issuer, name } => uid(&SERVICE_ACCOUNT, &issued(issuer, name)),
        Subject::Group { issuer, name } => uid(&GROUP, &issued(issuer, name)),
        Subject::Token(name) => uid(&TOKEN, name),
        Subject::Certificate(name) => uid(&CERTIFICATE, name),
        Subject::ProxyUser(name) => uid(&PROXY_USER, name),
        Subject::Schedule(path) => uid(&SCHEDULE, path),
        Subject::Schedules => uid(&GROUP, "schedules"),
        Subject::Rule(path) => uid(&RULE, path),
        Subject::Rules => uid(&GROUP, "rules"),
        Subject::Anonymous => uid(&ANONYMOUS, "anonymous"),
        Subject::Authenticated => uid(&GROUP, "authenticated"),
    }
}
