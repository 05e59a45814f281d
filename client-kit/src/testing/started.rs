//! Assertions about starts.

use std::fmt;

use serde_json::{Value, json};
use workflow_api::RawJson;

use crate::{StartRequest, WorkflowStart};

/// Starts. Each method keeps those that match, and fails the test if none does, with a list of all starts.
#[derive(Debug, Clone)]
pub struct Starts {
    /// Which starts these are, for people.
    how: &'static str,
    all: Vec<StartRequest>,
    left: Vec<StartRequest>,
    asked: Vec<String>,
}

impl Starts {
    pub(super) fn new(how: &'static str, all: Vec<StartRequest>) -> Self {
        Self { how, left: all.clone(), all, asked: Vec::new() }
    }

    /// Keeps those of this workflow type.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn workflow_type(self, name: &str) -> Self {
        self.only(format!("of workflow type `{name}`"), |start| start.workflow_type().as_str() == name)
    }

    /// Keeps those under this workflow ID.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn workflow_id(self, id: &str) -> Self {
        self.only(format!("under workflow ID `{id}`"), |start| start.options().id.as_str() == id)
    }

    /// Keeps those on this task queue.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn task_queue(self, name: &str) -> Self {
        self.only(format!("on task queue `{name}`"), |start| start.options().task_queue.as_str() == name)
    }

    /// Keeps those whose first argument has these parameters for all activities (`activityParams["all-activities"]`),
    /// and perhaps others.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn with_params(self, params: Value) -> Self {
        let asked = format!("with parameters {params}");
        self.only(asked, |start| {
            let held = start.arguments().into_iter().next().unwrap_or_default();
            holds(&held["activityParams"]["all-activities"], &params)
        })
    }

    /// Keeps those with this as their one argument.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn with_input(self, input: impl Into<Value>) -> Self {
        // As it is written: a float without a fraction becomes an integer.
        let input = RawJson::from(input.into());
        let what = format!("with the one argument {}", input.as_str());
        let input = serde_json::from_str::<Value>(input.as_str()).unwrap_or_default();
        self.only(what, |start| start.arguments() == [input.clone()])
    }

    /// Keeps those for which `is` returns true. `what` describes them in messages.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn that(self, what: &str, is: impl FnMut(&WorkflowStart) -> bool) -> Self {
        self.only(what.to_owned(), is)
    }

    /// Asserts that exactly one is left.
    ///
    /// # Panics
    /// When there are more, or none.
    #[track_caller]
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Asserts that exactly `number` are left.
    ///
    /// # Panics
    /// When there are more or fewer.
    #[track_caller]
    pub fn times(self, number: usize) -> Self {
        let found = self.left.len();
        assert!(found == number, "{found} starts {} instead of {number}; {self}", self.asked.join(" "));
        self
    }

    /// Asserts that there is none.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn none(self) {
        self.times(0);
    }

    /// Returns those that are left, for other assertions.
    #[must_use]
    pub fn requests(&self) -> &[StartRequest] {
        &self.left
    }

    #[track_caller]
    fn only(mut self, what: String, mut is: impl FnMut(&WorkflowStart) -> bool) -> Self {
        self.left.retain(|request| is(&request.start));
        self.asked.push(what);
        assert!(!self.left.is_empty(), "no start {}; {self}", self.asked.join(" "));
        self
    }
}

/// Whether every field of `expected` is in `value`. Other fields are ignored.
fn holds(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => expected
            .iter()
            .all(|(name, expected)| value.get(name).is_some_and(|value| holds(value, expected))),
        (value, expected) => value == expected,
    }
}

/// Lists all starts, one per line.
impl fmt::Display for Starts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.all.is_empty() {
            return write!(f, "nothing was {}", self.how);
        }
        write!(f, "{}:", self.how)?;
        for StartRequest { start, .. } in &self.all {
            let (kind, options) = (start.workflow_type(), start.options());
            write!(
                f,
                "\n  `{kind}` under workflow ID `{}` on task queue `{}`",
                options.id, options.task_queue
            )?;
            write!(f, ", arguments {}", json!(start.arguments()))?;
        }
        Ok(())
    }
}
