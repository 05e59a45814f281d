//! The rights of all callers.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bridge_core::access::{Action, Ground, Named, Resource, Visible};
use bridge_core::model::{DigKey, IntentKey};
use bridge_core::{Actor, Request};
use cedar_policy::{Decision, Policy, PolicySet, Response};

use crate::binding::Binding;
use crate::fault::{Faults, RightsFile};
use crate::policy::{BindingPolicy, templates};
use crate::question::ask;
use crate::subject::{self, Subject};
use crate::{document, forbids};
use workflow_api::cut;

/// The largest number of sets of policies that are kept, and of decisions.
const MOST: usize = 1000;

/// The rights of all callers. They never change: changed files make new ones.
pub struct Rights {
    bindings: Vec<Binding>,
    /// The policies of each subject.
    by_subject: HashMap<Subject, Vec<usize>>,
    /// The policies, each with the number of its binding.
    policies: Vec<(usize, BindingPolicy)>,
    /// The templates, and the policies that forbid.
    common: PolicySet,
    /// Sets of policies by their numbers, each with `common`.
    sets: Mutex<HashMap<Vec<usize>, Arc<PolicySet>>>,
    /// What was allowed before. A policy that forbids may ask for the time or the caller, so none is kept beside one.
    allowed: Option<Mutex<HashMap<Asked, Ground>>>,
}

/// All that the policies of bindings ask for: whoever asks, these are among its own.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    policies: Vec<usize>,
    action: Action,
    intent: Option<String>,
    named: Option<[Option<String>; 6]>,
}

impl Rights {
    /// Reads bindings, and the files of policies that forbid.
    ///
    /// # Errors
    /// Returns the faults of all files.
    pub fn read(bindings: &RightsFile<'_>, policies: &[RightsFile<'_>]) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut noted = |Faults(found): Faults| faults.extend(found);
        let bindings = document::read(bindings).map_err(&mut noted).unwrap_or_default();
        let forbids: Vec<_> = policies
            .iter()
            .flat_map(|source| forbids::read(source).map_err(&mut noted).unwrap_or_default())
            .collect();
        if faults.is_empty() { Ok(Self::new(bindings, forbids)) } else { Err(Faults(faults)) }
    }

    fn new(bindings: Vec<Binding>, forbids: Vec<Policy>) -> Self {
        let mut by_subject = HashMap::<Subject, Vec<usize>>::new();
        let mut policies = Vec::new();
        for (number, binding) in bindings.iter().enumerate() {
            for subject in &binding.subjects {
                let id = policies.len();
                policies.push((number, BindingPolicy::new(&id.to_string(), binding, subject)));
                by_subject.entry(subject.clone()).or_default().push(id);
            }
        }
        let allowed = forbids.is_empty().then(Mutex::default);
        let mut common = templates();
        for policy in forbids {
            common.add(policy).expect("files and lines differ");
        }
        Self { bindings, by_subject, policies, common, sets: Mutex::default(), allowed }
    }

    /// Decides whether the actor of a request may do this, and name this while it does it.
    ///
    /// # Errors
    /// Returns the reason for the denial, as part of a sentence. It is about the caller's own bindings only.
    pub fn decide(
        &self,
        request: &Request,
        action: Action,
        resource: &Resource<'_>,
        named: Option<&Named<'_>>,
    ) -> Result<Ground, String> {
        let numbers = self.numbers_of(&request.actor);
        let asked = Asked::new(self.near(&numbers, &resource.place()), action, resource, named);
        if let Some(ground) = self.allowed.as_ref().and_then(|allowed| lock(allowed).get(&asked).cloned()) {
            return Ok(ground);
        }
        let set = self.set_of(&asked.policies);
        let answers = ask(&set, request, action, slice::from_ref(resource), named);
        let answer = answers
            .and_then(|mut answers| answers.pop())
            .ok_or_else(|| "the question cannot be put to the policies".to_owned())?;
        // A policy that fails is skipped, also one that forbids.
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(format!("a policy fails: {error}"));
        }
        match answer.decision() {
            Decision::Allow => {
                let ground = self.ground(&answer);
                if let Some(allowed) = &self.allowed {
                    keep(&mut lock(allowed), asked, ground.clone());
                }
                Ok(ground)
            }
            Decision::Deny => Err(self.reason(&answer, request, &numbers, action, resource, named)),
        }
    }

    /// Decides whether the actor of a request may do this with anything at all, by its bindings alone: policies that
    /// forbid are asked about each item.
    ///
    /// # Errors
    /// Returns the reason for the denial, as part of a sentence.
    pub fn somewhere(&self, actor: &Actor, action: Action) -> Result<Ground, String> {
        let numbers = self.numbers_of(actor);
        let found = self.bindings_of(&numbers).find(|binding| binding.role.includes(action));
        match found {
            Some(binding) => {
                Ok(Ground { binding: Some(binding.name.clone()), role: Some(binding.role.name()) })
            }
            None if numbers.is_empty() => Err(format!("no binding is for {}", subject::of(actor))),
            None => Err("none of the caller's bindings includes it".to_owned()),
        }
    }

    /// Returns whether the actor of a request may do this with each of these intents of one group. It takes less time
    /// than a decision about each.
    #[must_use]
    pub fn allows_each(&self, request: &Request, action: Action, intents: &[IntentKey]) -> Vec<bool> {
        let Some(first) = intents.first() else { return Vec::new() };
        let near = self.near(&self.numbers_of(&request.actor), &Resource::Intent(first).place());
        let set = self.set_of(&near);
        let resources: Vec<_> = intents.iter().map(Resource::Intent).collect();
        let Some(answers) = ask(&set, request, action, &resources, None) else {
            return vec![false; intents.len()];
        };
        let allows = |answer: &Response| {
            answer.decision() == Decision::Allow && answer.diagnostics().errors().next().is_none()
        };
        answers.iter().map(allows).collect()
    }

    /// Returns the intents of a group among which are all that the actor may see.
    #[must_use]
    pub fn visible(&self, actor: &Actor, dig: &DigKey) -> Visible {
        let numbers = self.numbers_of(actor);
        let place = Resource::Group(dig).place();
        let bindings =
            self.bindings_of(&numbers).filter(|binding| binding.touches(Action::GetIntent, &place));
        let mut globs = Vec::new();
        for binding in bindings {
            if binding.intents.is_empty() {
                return Visible::All;
            }
            globs.extend(binding.intents.iter().cloned());
        }
        Visible::Like(globs.into_iter().collect())
    }

    /// Returns the numbers of the policies that are for an actor.
    fn numbers_of(&self, actor: &Actor) -> Vec<usize> {
        let subjects = [subject::of(actor)].into_iter().chain(subject::groups_of(actor));
        let mut numbers: Vec<_> =
            subjects.filter_map(|subject| self.by_subject.get(&subject)).flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn bindings_of(&self, numbers: &[usize]) -> impl Iterator<Item = &Binding> {
        numbers.iter().map(|number| &self.bindings[self.policies[*number].0])
    }

    /// Returns the policies among these that are about a place. Those of other scopes would not apply, and each costs
    /// time.
    fn near(&self, numbers: &[usize], place: &[&str]) -> Vec<usize> {
        let near = |number: &usize| self.bindings[self.policies[*number].0].scope.covers(place);
        numbers.iter().copied().filter(near).collect()
    }

    /// Returns the set of these policies, and of those that forbid.
    fn set_of(&self, numbers: &[usize]) -> Arc<PolicySet> {
        if let Some(set) = lock(&self.sets).get(numbers) {
            return Arc::clone(set);
        }
        let mut set = self.common.clone();
        for number in numbers {
            self.policies[*number].1.add_to(&mut set, &number.to_string());
        }
        let set = Arc::new(set);
        keep(&mut lock(&self.sets), numbers.to_vec(), Arc::clone(&set));
        set
    }

    /// Returns the first binding that allows it.
    fn ground(&self, answer: &Response) -> Ground {
        let numbers = answer.diagnostics().reason().filter_map(|id| id.to_string().parse::<usize>().ok());
        let binding = numbers.min().and_then(|number| self.bindings_of(&[number]).next());
        Ground {
            binding: binding.map(|binding| binding.name.clone()),
            role: binding.map(|binding| binding.role.name()),
        }
    }

    /// Returns the nearest reason for a denial.
    fn reason(
        &self,
        answer: &Response,
        request: &Request,
        numbers: &[usize],
        action: Action,
        resource: &Resource<'_>,
        named: Option<&Named<'_>>,
    ) -> String {
        if let Some(policy) = answer.diagnostics().reason().min() {
            return format!("the policy {policy} forbids it");
        }
        let actor = &request.actor;
        if numbers.is_empty() {
            return format!("no binding is for {}", subject::of(actor));
        }
        let place = resource.place();
        let bindings = || self.bindings_of(numbers);
        if let Some(named) = named
            && let Some(binding) = bindings().find(|binding| binding.touches(action, &place))
        {
            return format!("the binding `{}` does not let it use {}", binding.name, Shown(named));
        }
        let others = bindings().filter(|binding| binding.touches(action, &place));
        if let Some((binding, intents)) = others.filter_map(|binding| Some((binding, binding.only()?))).next()
        {
            return format!("the binding `{}` is for the intents {intents} only", binding.name);
        }
        let role = |binding: &&Binding| {
            format!("the binding `{}` gives the role {}", binding.name, binding.role.name())
        };
        if let Some(binding) = bindings().find(|binding| binding.scope.covers(&place)) {
            return format!("{}, which does not include it", role(&binding));
        }
        match bindings().find(|binding| binding.role.includes(action)) {
            Some(binding) => format!("the binding `{}` is for `{}` only", binding.name, binding.scope),
            None => "none of the caller's bindings includes it".to_owned(),
        }
    }
}

impl Asked {
    fn new(policies: Vec<usize>, action: Action, resource: &Resource<'_>, named: Option<&Named<'_>>) -> Self {
        let intent = if let Resource::Intent(key) = resource { Some(key.name.clone()) } else { None };
        let named = named.map(|named| {
            let Named { client, task_queue, workflow, other_workflow, server, namespace } = *named;
            [client, task_queue, workflow, other_workflow, server, namespace]
                .map(|name| name.map(str::to_owned))
        });
        Self { policies, action, intent, named }
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps something under a key. If there is much already, that is forgotten.
fn keep<K: Eq + Hash, V>(kept: &mut HashMap<K, V>, key: K, value: V) {
    if kept.len() >= MOST {
        kept.clear();
    }
    kept.insert(key, value);
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rights").field("bindings", &self.bindings.len()).finish_non_exhaustive()
    }
}

/// What was named, in a sentence.
struct Shown<'a>(&'a Named<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { client, task_queue, workflow, other_workflow, server, namespace } = *self.0;
        let named = [
            ("the workflow client", client),
            ("the task queue", task_queue),
            ("the workflow ID", workflow),
            ("the workflow", other_workflow),
            ("the server", server),
            ("the namespace", namespace),
        ];
        let named = named.into_iter().filter_map(|(kind, name)| Some(format!("{kind} `{}`", cut(name?))));
        f.write_str(&named.collect::<Vec<_>>().join(" with "))
    }
}
