//! Reads bindings from TOML, and finds all their faults.

use std::collections::HashMap;

use bridge_core::access::Group;
use serde::Deserialize;
use toml::Spanned;
use workflow_api::SubjectEntry;
use workflow_api::rules::is_name;

use crate::binding::{Binding, Uses};
use crate::fault::{Fault, Faults, RightsFile};
use crate::role::Role;
use crate::scope::Scope;

/// The longest list of intents, and of patterns, in a binding.
const MOST: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    binding: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    role: Spanned<String>,
    subjects: Spanned<Vec<Spanned<SubjectEntry>>>,
    scope: Spanned<String>,
    intents: Option<Globs>,
    uses: Option<Spanned<UsesEntry>>,
}

type Globs = Spanned<Vec<Spanned<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UsesEntry {
    clients: Option<Globs>,
    task_queues: Option<Globs>,
    workflows: Option<Globs>,
    servers: Option<Globs>,
    namespaces: Option<Globs>,
}

/// Finds the faults of a file of bindings.
///
/// # Errors
/// Returns all faults; if it is not TOML of this form, the first one.
pub fn check(source: &RightsFile<'_>) -> Result<(), Faults> {
    read(source).map(drop)
}

/// Reads the bindings of a file.
pub(crate) fn read(source: &RightsFile<'_>) -> Result<Vec<Binding>, Faults> {
    let document: Document = toml::from_str(source.text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Faults(vec![source.fault(at, error.message())])
    })?;
    let mut reader = Reader { source, faults: Vec::new() };
    if document.binding.is_empty() {
        reader.fault(0, "has no `[[binding]]`, so nobody could do anything");
    }
    let mut names = HashMap::new();
    for entry in &document.binding {
        let name = &entry.get_ref().name;
        if let Some(line) = names.insert(name.get_ref(), source.line(name.span().start)) {
            reader.fault(
                name.span().start,
                format!("the binding in line {line} has the name `{}` too", name.get_ref()),
            );
        }
    }
    let bindings = document.binding.into_iter().map(|entry| reader.binding(entry.into_inner())).collect();
    if reader.faults.is_empty() { Ok(bindings) } else { Err(Faults(reader.faults)) }
}

/// Collects faults. What has faults is read as something else, since nothing is used then.
struct Reader<'a> {
    source: &'a RightsFile<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, at: usize, text: impl Into<String>) {
        self.faults.push(self.source.fault(at, text));
    }

    /// Returns a value, or notes its fault.
    fn noted<T>(&mut self, at: usize, read: Result<T, String>) -> Option<T> {
        read.map_err(|text| self.fault(at, text)).ok()
    }

    fn binding(&mut self, entry: Entry) -> Binding {
        let Entry { name, role, subjects, scope, intents, uses } = entry;
        if !is_name(name.get_ref()) {
            let text =
                "is not a name: write letters, digits, `-`, `_` or `.`, with a letter or digit at both ends";
            self.fault(name.span().start, format!("`{}` {text}", name.get_ref()));
        }
        let read = Role::read(role.get_ref());
        let read_role = self.noted(role.span().start, read).unwrap_or(Role(Group::View));
        if subjects.get_ref().is_empty() {
            self.fault(subjects.span().start, "a binding without subjects is for nobody: name one");
        }
        let subjects = subjects.into_inner().into_iter().filter_map(|subject| {
            let (at, read) = (subject.span().start, subject.into_inner().subject());
            self.noted(at, read)
        });
        let subjects = subjects.collect();
        let read = Scope::read(scope.get_ref());
        let scope = self.noted(scope.span().start, read).unwrap_or_else(Scope::everywhere);
        let intents = intents.map(|globs| self.globs(globs, is_intent_glob)).unwrap_or_default();
        let uses = self.uses(read_role, role.span().start, uses);
        Binding { name: name.into_inner(), role: read_role, subjects, scope, intents, uses }
    }

    fn uses(&mut self, role: Role, at: usize, uses: Option<Spanned<UsesEntry>>) -> Uses {
        let writes = role == Role(Group::Author);
        let Some(uses) = uses.map(Spanned::into_inner) else {
            if writes {
                self.fault(at, needs("clients"));
            }
            return Uses::default();
        };
        for (name, globs) in [("clients", &uses.clients), ("taskQueues", &uses.task_queues)] {
            match globs {
                None if writes => self.fault(at, needs(name)),
                Some(globs) if !writes => {
                    let text = format!("`{name}` is for the role `author`: no other writes intents");
                    self.fault(globs.span().start, text);
                }
                _ => {}
            }
        }
        let mut read = |globs: Option<Globs>| globs.map(|globs| self.globs(globs, |glob| !glob.is_empty()));
        Uses {
            clients: read(uses.clients).unwrap_or_default(),
            task_queues: read(uses.task_queues).unwrap_or_default(),
            workflows: read(uses.workflows),
            servers: read(uses.servers).unwrap_or_default(),
            namespaces: read(uses.namespaces).unwrap_or_default(),
        }
    }

    fn globs(&mut self, globs: Globs, is_sound: impl Fn(&str) -> bool) -> Vec<String> {
        let at = globs.span().start;
        match globs.get_ref().len() {
            0 => self.fault(at, "an empty list matches nothing: name something, or leave the list out"),
            1..=MOST => {}
            many => self.fault(at, format!("has {many} entries; at most {MOST} are possible: use `*`")),
        }
        let read = |glob: Spanned<String>| {
            if !is_sound(glob.get_ref()) {
                let text = format!(
                    "`{}` matches nothing: write a name, in which `*` stands for any text",
                    glob.get_ref()
                );
                self.fault(glob.span().start, text);
            }
            glob.into_inner()
        };
        globs.into_inner().into_iter().map(read).collect()
    }
}

fn needs(name: &str) -> String {
    format!(
        "an author needs `uses.{name}`: which workflow clients and task queues their intents may name, such as \
         `uses = {{ clients = [\"*.proj1.svc:9090/*\"], taskQueues = [\"proj1-*\"] }}`"
    )
}

/// Whether names of intents can match.
fn is_intent_glob(glob: &str) -> bool {
    is_name(&glob.replace('*', "x"))
}
