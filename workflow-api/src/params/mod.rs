//! Typed parameters: the texts of `activityParams` read into a struct, with every fault found at once.
//!
//! A parameter is a text on the wire. The JSON Schema of the struct says which value each text stands for, so that whoever
//! has the schema alone (the bridge) finds the same faults as whoever has the type (clients and workers).

mod fields;
mod guide;
mod json;
mod schema;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use serde_path_to_error::Segment;

pub use self::schema::{Parameters, schema_of};

use self::guide::Shape;
use self::json::{Json, Refusal};
use self::schema::shape_of;
use crate::read::child;
use crate::{Fault, WorkflowParams};

/// Names that are less alike than this are not meant for each other.
const ALIKE: f64 = 0.6;
/// How many faults are looked into. There is no end to what a hostile body may have wrong, and each costs time.
const MOST: usize = 64;
/// Longer names are like none.
const LONGEST_NAME: usize = 64;
/// Shorter texts are not taken out of messages: they would take parts of words with them.
const SHORTEST_SECRET: usize = 4;

impl WorkflowParams {
    /// Reads the parameters of an activity, or of all ([`Self::ALL_ACTIVITIES`]), into a struct.
    ///
    /// Of an activity's parameters, those that it does not set itself are those for all activities, one by one. Numbers,
    /// booleans and enums are read from their texts; lists are JSON or separated by commas; what is deeper is JSON; the empty
    /// text is `None` for an option of anything but a text.
    ///
    /// # Errors
    /// Every parameter that is missing, unknown or no value of its type, by path below these parameters
    /// (`$.activityParams.all-activities.count`). Values are in no message.
    pub fn read<T: Parameters>(&self, activity: &str) -> Result<T, Vec<Fault>> {
        self.read_beside(activity, &[])
    }

    /// The same, where parameters for all activities are known too if one of the schemas `others` knows them: those of
    /// activities that fall back on them.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_beside<T: Parameters>(&self, activity: &str, others: &[&Value]) -> Result<T, Vec<Fault>> {
        let mut reading = Reading::new(shape_of::<T>(), self, activity, others);
        if reading.faults.is_empty() {
            // Most are sound, and need no copy to be looked into again.
            let object = std::mem::take(&mut reading.object);
            if let Ok(value) = T::deserialize(Json(Value::Object(object))) {
                return Ok(value);
            }
            reading = Reading::new(shape_of::<T>(), self, activity, others);
        }
        for _ in 0..MOST {
            match serde_path_to_error::deserialize(Json(Value::Object(reading.object.clone()))) {
                Ok(value) if reading.faults.is_empty() => return Ok(value),
                Ok(_) => return Err(reading.faults),
                Err(error) => {
                    if !reading.refused(&error) {
                        break;
                    }
                }
            }
        }
        Err(reading.faults)
    }
}

/// The same reading by a schema alone: the JSON object that the parameters of `activity` stand for, and what is wrong with
/// them.
pub fn read_by_schema(
    schema: &Value,
    params: &WorkflowParams,
    activity: &str,
) -> (Map<String, Value>, Vec<Fault>) {
    let reading = Reading::new(&Shape::of(schema), params, activity, &[]);
    (reading.object, reading.faults)
}

/// What is wrong with parameters by the schemas of a workflow client, by activity name, as its catalogue has them.
pub fn check_params(schemas: &BTreeMap<String, Value>, params: &WorkflowParams) -> Vec<Fault> {
    let all: Vec<_> = schemas.values().collect();
    each_once(
        schemas
            .iter()
            .flat_map(|(activity, schema)| Reading::new(&Shape::of(schema), params, activity, &all).faults),
    )
}

/// Faults of several readings, each once: what two activities fall back on is found twice.
pub fn each_once(faults: impl IntoIterator<Item = Fault>) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    faults.into_iter().filter(|fault| seen.insert(fault.to_string())).collect()
}

/// Parameters of one activity on their way into a type.
struct Reading {
    object: Map<String, Value>,
    /// Where the members of `object` were written.
    paths: BTreeMap<String, String>,
    faults: Vec<Fault>,
    /// Members that are not in `object`, or no longer, because they are wrong.
    wrong: BTreeSet<String>,
    /// Where the activity's own parameters stand.
    base: String,
    /// The texts, which no message may have.
    texts: Vec<String>,
}

impl Reading {
    fn new(shape: &Shape<'_>, params: &WorkflowParams, activity: &str, others: &[&Value]) -> Self {
        let members = &shape.members;
        let mut reading = Self {
            object: Map::new(),
            paths: BTreeMap::new(),
            faults: Vec::new(),
            wrong: BTreeSet::new(),
            base: child("$.activityParams", activity),
            texts: Vec::new(),
        };
        let of = |activity| params.activity_params.get(activity).into_iter().flatten();
        let for_all = activity == WorkflowParams::ALL_ACTIVITIES;
        // What falls back on these parameters; looked into when a name is not known here, which is rare.
        let others = if for_all { others } else { &[] };
        let known_to = |schema: &Value, name: &str| {
            let Shape { members, .. } = Shape::of(schema);
            members.open.is_some() || members.get(name).is_some()
        };
        for (name, text) in of(activity) {
            let path = child(&reading.base, name);
            if !reading.take(shape, name, text, &path) && !others.iter().any(|other| known_to(other, name)) {
                reading.faults.push(match reading.faults.len() {
                    MOST.. => Fault::new(path, "is not known"),
                    _ => unknown(&path, name, members.names()),
                });
            }
        }
        if !for_all {
            let base = child("$.activityParams", WorkflowParams::ALL_ACTIVITIES);
            for (name, text) in of(WorkflowParams::ALL_ACTIVITIES) {
                let first = members.get(name).map_or(name.as_str(), |member| member.name);
                if !reading.paths.contains_key(first) {
                    reading.take(shape, name, text, &child(&base, name));
                }
            }
        }
        for name in &members.required {
            if !reading.paths.contains_key(*name) {
                reading.missing(name);
            }
        }
        reading
    }

    /// Takes one parameter; false if there is none of this name.
    fn take(&mut self, Shape { guide, members }: &Shape<'_>, name: &str, text: &str, path: &str) -> bool {
        let open;
        let (name, alternatives) = match (members.get(name), members.open) {
            (Some(member), _) => (member.name, member.alternatives(*guide)),
            (None, Some(schema)) => {
                open = guide.alternatives(&[schema]);
                (name, open.as_slice())
            }
            (None, None) => return false,
        };
        if let Some(other) = self.paths.get(name) {
            self.faults.push(Fault::new(path, format!("is given twice: it is another name of {other}")));
            return true;
        }
        self.paths.insert(name.to_owned(), path.to_owned());
        match guide.coerce(alternatives, text, path) {
            Ok(value) => {
                self.object.insert(name.to_owned(), value);
                self.texts.push(text.to_owned());
            }
            Err(faults) => {
                self.wrong.insert(name.to_owned());
                self.faults.extend(faults);
            }
        }
        true
    }

    fn missing(&mut self, name: &str) {
        if self.wrong.insert(name.to_owned()) {
            self.faults.push(Fault::new(child(&self.base, name), "is missing"));
        }
    }

    /// Notes why the object is none of its type; true if it is worth another try, without the member that is wrong.
    fn refused(&mut self, error: &serde_path_to_error::Error<Refusal>) -> bool {
        let mut segments = error.path().iter();
        let member = match segments.next() {
            Some(Segment::Map { key }) => Some(key).filter(|key| self.object.contains_key(*key)),
            _ => None,
        };
        let Some(member) = member else {
            match error.inner() {
                Refusal::Missing(name) => self.missing(name),
                // A fault of the whole may come of those of its parts.
                inner if self.faults.is_empty() => {
                    let message = self.told(&inner.to_string(), &Value::Null);
                    self.faults.push(Fault::new(self.base.clone(), message));
                }
                Refusal::Unknown { .. } | Refusal::Wrong(_) => {}
            }
            return false;
        };
        let mut path = self.paths.get(member).cloned().unwrap_or_else(|| child(&self.base, member));
        for segment in segments {
            match segment {
                Segment::Map { key } => path = child(&path, key),
                Segment::Seq { index } => path = format!("{path}[{index}]"),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let value = self.object.remove(member).unwrap_or_default();
        self.wrong.insert(member.clone());
        self.faults.push(match error.inner() {
            Refusal::Missing(name) => Fault::new(child(&path, name), "is missing"),
            Refusal::Unknown { field, known } => {
                // The path may lead to the field already.
                let own = path.ends_with(&child("", field));
                unknown(&if own { path } else { child(&path, field) }, field, known.iter().copied())
            }
            Refusal::Wrong(message) => Fault::new(path, self.told(message, &value)),
        });
        true
    }

    /// A message without the values that it speaks of: those of other people's errors quote them.
    fn told(&self, message: &str, value: &Value) -> String {
        let mut texts = self.texts.clone();
        leaves(value, &mut texts);
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.iter().filter(|text| text.len() >= SHORTEST_SECRET).fold(message.to_owned(), |message, text| {
            let quoted = format!("{text:?}");
            message.replace(quoted.trim_matches('"'), "…").replace(text.as_str(), "…")
        })
    }
}

/// The texts and numbers in a value.
fn leaves(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => texts.push(number.to_string()),
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Value::Object(members) => members.values().for_each(|item| leaves(item, texts)),
    }
}

/// The fault of a name that nobody knows, with the one that may have been meant.
fn unknown<'a>(path: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Fault {
    let known: Vec<_> = known.collect();
    let likeness =
        |other: &str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let nearest = known.iter().map(|known| (likeness(known), known)).max_by(|(a, _), (b, _)| a.total_cmp(b));
    let message = match nearest {
        _ if name.len() > LONGEST_NAME => "is not known".to_owned(),
        Some((likeness, known)) if likeness >= ALIKE => format!("is not known; did you mean `{known}`?"),
        Some(_) => format!("is not known; known are `{}`", known.join("`, `")),
        None => "is not known; there are no parameters here".to_owned(),
    };
    Fault::new(path, message)
}
