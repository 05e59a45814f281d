//! A question to Cedar: the entities and the context of a decision.

use std::collections::HashSet;

use bridge_core::access::{Action, Named, Resource};
use bridge_core::{Actor, Request};
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityUid, PolicySet, Request as Question, Response,
    RestrictedExpression as Value,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::schema::{ACTIONS, INTENT, uid};
use crate::scope::{Scope, path, project};
use crate::subject;

/// Asks whether `policies` allow an action on each of these resources. Returns `None` if the questions cannot be put,
/// which counts as a denial.
pub(crate) fn ask(
    policies: &PolicySet,
    request: &Request,
    action: Action,
    resources: &[Resource<'_>],
    named: Option<&Named<'_>>,
) -> Option<Vec<Response>> {
    let (action, groups) = &ACTIONS[&action];
    let principal = principal(&request.actor)?;
    let resources = resources.iter().map(entity).collect::<Option<Vec<_>>>()?;
    let context = context(request.now, named)?;
    let questions = resources.iter().map(|resource| {
        Question::new(principal.uid(), action.clone(), resource.uid(), context.clone(), None).ok()
    });
    let questions = questions.collect::<Option<Vec<_>>>()?;
    let action = Entity::new_no_attrs(action.clone(), groups.clone());
    let entities = [principal, action].into_iter().chain(resources);
    let entities = Entities::from_entities(entities, None).ok()?;
    let authorizer = Authorizer::new();
    Some(questions.iter().map(|question| authorizer.is_authorized(question, policies, &entities)).collect())
}

fn principal(actor: &Actor) -> Option<Entity> {
    let groups = subject::groups_of(actor).map(|group| subject::entity(&group)).collect();
    named_entity(subject::entity(&subject::of(actor)), actor.name(), groups)
}

/// The resource has all that it is in as parents, so that these need no entities of their own.
fn entity(resource: &Resource<'_>) -> Option<Entity> {
    match resource {
        Resource::Project(name) => {
            let [project, above @ ..] = project(name);
            Some(Entity::new_no_attrs(project, above.into()))
        }
        Resource::Group(dig) => {
            let [group, above @ ..] = path(dig);
            Some(Entity::new_no_attrs(group, above.into()))
        }
        Resource::Intent(key) => {
            let groups = path(&key.dig);
            let id = format!("{}/{}", groups[0].id().unescaped(), key.name);
            named_entity(uid(&INTENT, &id), &key.name, groups.into())
        }
        Resource::Bridge => Some(Entity::new_no_attrs(Scope::everywhere().uid(), HashSet::new())),
    }
}

fn named_entity(of: EntityUid, name: &str, parents: HashSet<EntityUid>) -> Option<Entity> {
    let name = ("name".to_owned(), Value::new_string(name.to_owned()));
    Entity::new(of, [name].into(), parents).ok()
}

fn context(now: Timestamp, named: Option<&Named<'_>>) -> Option<Context> {
    let utc = now.to_zoned(TimeZone::UTC);
    let date = i64::from(utc.year()) * 10_000 + i64::from(utc.month()) * 100 + i64::from(utc.day());
    let time = [
        ("date", date),
        ("minute", i64::from(utc.hour()) * 60 + i64::from(utc.minute())),
        ("weekday", utc.weekday().to_monday_one_offset().into()),
        ("epoch", now.as_second()),
    ];
    let time = time.map(|(name, value)| (name.to_owned(), Value::new_long(value)));
    let mut context = vec![("time".to_owned(), Value::new_record(time).ok()?)];
    if let Some(named) = named {
        context.push(("names".to_owned(), names(named)?));
    }
    Context::from_pairs(context).ok()
}

fn names(named: &Named<'_>) -> Option<Value> {
    let Named { client, task_queue, workflow, other_workflow, server, namespace } = *named;
    let names = [
        ("client", client),
        ("taskQueue", task_queue),
        ("workflow", workflow),
        ("otherWorkflow", other_workflow),
        ("server", server),
        ("namespace", namespace),
    ];
    let names = names.into_iter().filter_map(|(name, value)| {
        value.map(|value| (name.to_owned(), Value::new_string(value.to_owned())))
    });
    Value::new_record(names).ok()
}
