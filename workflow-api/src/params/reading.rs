//! Parameters of one activity on their way into a type.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use jsonschema::ValidationError;
use jsonschema::paths::LocationSegment;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::faults::{Reporter, below, each_once, of_type, unknown};
use super::schema::Rules;
use super::texts::{self, Members};
use super::validator::UnusableSchema;
use crate::{Fault, WorkflowParams};

/// How many faults are looked into. There is no end to what a hostile body may have wrong, and each costs time.
const MOST: usize = 64;

/// What the texts stand for, and what is wrong with them.
pub(super) struct Reading {
    object: Value,
    /// Where the members of `object` were written.
    paths: BTreeMap<String, String>,
    pub(super) faults: Vec<Fault>,
    /// Where the activity's own parameters stand.
    base: String,
}

impl Reading {
    /// Reads the parameters of an activity. Those for all activities are known if one of the schemas `others` has them.
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
            faults: Vec::new(),
            base: below("$.activityParams", activity),
        };
        let texts = |activity| params.activity_params.get(activity).into_iter().flatten();
        let for_all = activity == WorkflowParams::ALL_ACTIVITIES;
        let fall_back = OnceCell::new();
        let known_to_others = |name: &str| {
            let others = || others.iter().map(|other| Members::new(other)).collect::<Vec<_>>();
            let others = fall_back.get_or_init(others).iter();
            for_all
                && others.into_iter().any(|members| !members.open.is_empty() || members.get(name).is_some())
        };
        let mut object = Map::new();
        let known: Vec<_> = rules.members.names().collect();
        for (name, text) in texts(activity) {
            let path = below(&reading.base, name);
            if !reading.take(rules, &mut object, name, text, &path) && !known_to_others(name) {
                reading.faults.push(match reading.faults.len() {
                    MOST.. => Fault::new(path, "is not known"),
                    _ => Fault::new(path, unknown(name, &known)),
                });
            }
        }
        if !for_all {
            let base = below("$.activityParams", WorkflowParams::ALL_ACTIVITIES);
            for (name, text) in texts(WorkflowParams::ALL_ACTIVITIES) {
                let canonical = rules.members.get(name).map_or(name.as_str(), |member| member.name);
                if !object.contains_key(canonical) {
                    reading.take(rules, &mut object, name, text, &below(&base, name));
                }
            }
        }
        reading.object = Value::Object(object);
        reading.validate(rules)?;
        Ok(reading)
    }

    /// Takes one parameter; false if there is none of this name.
    fn take(
        &mut self,
        rules: &Rules<'_>,
        object: &mut Map<String, Value>,
        name: &str,
        text: &str,
        path: &str,
    ) -> bool {
        let members = &rules.members;
        let (name, schemas) = match members.get(name) {
            Some(member) => (member.name, &member.schemas),
            None if !members.open.is_empty() => (name, &members.open),
            None => return false,
        };
        if let Some(other) = self.paths.get(name) {
            self.faults.push(Fault::new(path, format!("is given twice: it is another name of {other}")));
        } else {
            self.paths.insert(name.to_owned(), path.to_owned());
            object.insert(name.to_owned(), texts::value(rules.schema, schemas, text));
        }
        true
    }

    fn validate(&mut self, rules: &Rules<'_>) -> Result<(), UnusableSchema> {
        let mut wrong = BTreeSet::new();
        let path = |error: &ValidationError<'_>| self.path(error);
        let reporter = Reporter { schema: rules.schema, path: &path };
        let mut faults = Vec::new();
        for error in rules.validator.errors(&self.object)?.take(MOST) {
            // Unknown names are not in the object. Of several types that read one activity, each knows its own.
            if error.instance_path().is_empty() && error.kind().keyword() == "additionalProperties" {
                continue;
            }
            if let Some(LocationSegment::Property(name)) = error.instance_path().segments().next() {
                wrong.insert(name.into_owned());
            }
            faults.extend(reporter.faults(&error));
        }
        self.faults.extend(faults);
        // So that rules of the type are still asked about the others.
        if let Some(object) = self.object.as_object_mut() {
            object.retain(|name, _| !wrong.contains(name));
        }
        Ok(())
    }

    /// Where a value stands that the validator speaks of.
    fn path(&self, error: &ValidationError<'_>) -> String {
        let mut path: Option<String> = None;
        for segment in error.instance_path() {
            path = Some(match (path, segment) {
                (None, LocationSegment::Property(name)) => self.member(&name),
                (Some(path), LocationSegment::Property(name)) => below(&path, &name),
                (path, LocationSegment::Index(index)) => format!("{}[{index}]", path.unwrap_or_default()),
            });
        }
        path.unwrap_or_else(|| self.base.clone())
    }

    fn member(&self, name: &str) -> String {
        self.paths.get(name).cloned().unwrap_or_else(|| below(&self.base, name))
    }

    /// The value of the type.
    ///
    /// # Errors
    /// All that is wrong, rules of the type among it.
    pub(super) fn into_value<T: DeserializeOwned>(mut self) -> Result<T, Vec<Fault>> {
        for _ in 0..MOST {
            match serde_path_to_error::deserialize(&self.object) {
                Ok(value) if self.faults.is_empty() => return Ok(value),
                Ok(_) => break,
                Err(error) => {
                    if !self.refused(&error) {
                        break;
                    }
                }
            }
        }
        Err(each_once(self.faults))
    }

    /// Notes which rule of the type is broken; true if there may be more, without the member that breaks it.
    fn refused(&mut self, error: &serde_path_to_error::Error<serde_json::Error>) -> bool {
        let mut segments = error.path().iter();
        let named = |segment: &Segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
        };
        let member = segments.next().and_then(named);
        let object = self.object.as_object_mut();
        let removed = member.and_then(|name| Some((object?.remove(&name)?, name)));
        let Some((value, name)) = removed else {
            // A fault of the whole may come of those of its parts.
            if self.faults.is_empty() {
                self.faults.push(Fault::new(self.base.as_str(), of_type(error.inner(), &self.object)));
            }
            return false;
        };
        let mut path = self.member(&name);
        for segment in segments {
            match segment {
                Segment::Map { key } => path = below(&path, key),
                Segment::Seq { index } => path = format!("{path}[{index}]"),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        self.faults.push(Fault::new(path, of_type(error.inner(), &value)));
        true
    }
}
