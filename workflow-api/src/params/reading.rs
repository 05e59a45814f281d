//! Reads the parameters of one activity into a type.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use jsonschema::ValidationError;
use jsonschema::paths::LocationSegment;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::faults::{Reporter, each_once, of_type, unknown};
use super::formats;
use super::schema::Rules;
use super::texts::{self, Names};
use super::validator::UnusableSchema;
use crate::faults::Faults;
use crate::read::child;
use crate::{Fault, WorkflowParams, work};

/// How many errors of the validator are looked into, because each costs time.
const MOST: usize = 64;
/// How often values are converted into their type. Each attempt finds one broken rule of the type.
const MOST_ATTEMPTS: usize = 16;

/// The values of the texts, and their faults.
pub(super) struct Reading {
    object: Value,
    /// The paths of the members of `object`.
    paths: BTreeMap<String, String>,
    /// The paths of the members whose texts are not valid JSON. They are texts in `object`.
    broken: BTreeSet<String>,
    faults: Faults,
    /// The path of the activity's own parameters.
    base: String,
}

impl Reading {
    /// Reads the parameters of an activity. A parameter for all activities is also known if one of the
    /// schemas `others` has it.
    ///
    /// # Errors
    /// When the schema cannot be applied to them in bounded time.
    pub(super) fn new(
        rules: &Rules<'_>,
        params: &WorkflowParams,
        activity: &str,
        others: &[&Value],
    ) -> Result<Self, UnusableSchema> {
        let mut reading = Self {
            object: Value::Object(Map::new()),
            paths: BTreeMap::new(),
            broken: BTreeSet::new(),
            faults: Faults::default(),
            base: child("$.activityParams", activity),
        };
        let texts = |activity| params.activity_params.get(activity).into_iter().flatten();
        let for_all = activity == WorkflowParams::ALL_ACTIVITIES;
        let elsewhere = OnceCell::new();
        let known_elsewhere = |name: &str| for_all && elsewhere.get_or_init(|| Names::of(others)).has(name);
        let mut object = Map::new();
        let known: Vec<_> = rules.members.names().collect();
        for (name, text) in texts(activity) {
            let path = child(&reading.base, name);
            if !reading.take(rules, &mut object, name, text, &path) && !known_elsewhere(name) {
                reading.faults.push(|| Fault::new(path, unknown(name, &known)));
            }
        }
        if !for_all {
            let base = child("$.activityParams", WorkflowParams::ALL_ACTIVITIES);
            for (name, text) in texts(WorkflowParams::ALL_ACTIVITIES) {
                let canonical = rules.members.get(name).map_or(name.as_str(), |member| member.name);
                if !object.contains_key(canonical) {
                    reading.take(rules, &mut object, name, text, &child(&base, name));
                }
            }
        }
        reading.object = Value::Object(object);
        reading.validate(rules)?;
        Ok(reading)
    }

    /// Takes one parameter. Returns false if there is none of this name.
    fn take(
        &mut self,
        rules: &Rules<'_>,
        object: &mut Map<String, Value>,
        name: &str,
        text: &str,
        path: &str,
    ) -> bool {
        work::count(name.len() + path.len());
        let members = &rules.members;
        let (name, schemas) = match members.get(name) {
            Some(member) => (member.name, &member.schemas),
            None if !members.open.is_empty() => (name, &members.open),
            None => return false,
        };
        if let Some(other) = self.paths.get(name) {
            self.faults.push(|| Fault::new(path, format!("is given twice: it is another name of {other}")));
        } else {
            self.paths.insert(name.to_owned(), path.to_owned());
            let value = texts::value(rules.schema, schemas, text).unwrap_or_else(|error| {
                self.broken.insert(path.to_owned());
                self.faults.push(|| Fault::new(path, format!("is not valid JSON: {error}")));
                text.into()
            });
            object.insert(name.to_owned(), value);
        }
        true
    }

    fn validate(&mut self, rules: &Rules<'_>) -> Result<(), UnusableSchema> {
        let mut wrong = BTreeSet::new();
        let path = |error: &ValidationError<'_>| self.path(error);
        let reporter = Reporter::new(rules.schema, &path);
        let mut faults = Vec::new();
        for error in rules.validator.errors(&self.object)?.take(MOST) {
            // Unknown names are not in the object. If several types read one activity, each has its own.
            if error.instance_path().is_empty() && error.kind().keyword() == "additionalProperties" {
                continue;
            }
            if let Some(LocationSegment::Property(name)) = error.instance_path().segments().next() {
                wrong.insert(name.into_owned());
            }
            faults.extend(reporter.faults(&error));
        }
        faults.retain(|fault| !self.broken.contains(&fault.path));
        faults.into_iter().for_each(|fault| self.faults.push(|| fault));
        // The rules of the type still apply to the others.
        if let Some(object) = self.object.as_object_mut() {
            object.retain(|name, _| !wrong.contains(name));
        }
        Ok(())
    }

    /// Returns the path of the value that has an error.
    fn path(&self, error: &ValidationError<'_>) -> String {
        let mut path: Option<String> = None;
        for segment in error.instance_path() {
            path = Some(match (path, segment) {
                (None, LocationSegment::Property(name)) => self.member(&name),
                (Some(path), LocationSegment::Property(name)) => child(&path, &name),
                (path, LocationSegment::Index(index)) => format!("{}[{index}]", path.unwrap_or_default()),
            });
        }
        path.unwrap_or_else(|| self.base.clone())
    }

    fn member(&self, name: &str) -> String {
        self.paths.get(name).cloned().unwrap_or_else(|| child(&self.base, name))
    }

    /// Returns the value of the type.
    ///
    /// # Errors
    /// All faults, including those by the rules of the type.
    pub(super) fn into_value<T: DeserializeOwned>(mut self, rules: &Rules<'_>) -> Result<T, Vec<Fault>> {
        for _ in 0..MOST_ATTEMPTS {
            match serde_path_to_error::deserialize(&self.object) {
                Ok(value) if self.faults.is_empty() => return Ok(value),
                Ok(_) => break,
                Err(error) => {
                    if !self.refused(rules, &error) {
                        break;
                    }
                }
            }
        }
        Err(self.into_faults())
    }

    /// Returns all faults.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        each_once(self.faults.into_list())
    }

    /// Notes which rule of the type is broken, and removes the member that breaks it. Returns true if there
    /// may be more.
    fn refused(&mut self, rules: &Rules<'_>, error: &serde_path_to_error::Error<serde_json::Error>) -> bool {
        let mut segments = error.path().iter();
        let named = |segment: &Segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
        };
        let member = segments.next().and_then(named);
        let object = self.object.as_object_mut();
        let removed = member.and_then(|name| Some((object?.remove(&name)?, name)));
        let Some((value, name)) = removed else {
            // A fault of the whole may result from those of its parts.
            if self.faults.is_empty() {
                let (base, object) = (self.base.as_str(), &self.object);
                self.faults.push(|| Fault::new(base, of_type(error.inner(), object, None)));
            }
            return false;
        };
        let schemas = rules.members.get(&name).map_or(&rules.members.open, |member| &member.schemas);
        let form = formats::expected(rules.schema, schemas, error.path().iter().skip(1));
        let mut path = self.member(&name);
        for segment in segments {
            match segment {
                Segment::Map { key } => path = child(&path, key),
                Segment::Seq { index } => path = format!("{path}[{index}]"),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        // The validator's message is better.
        if !self.faults.has(&path) {
            self.faults.push(|| Fault::new(path, of_type(error.inner(), &value, form)));
        }
        true
    }
}
