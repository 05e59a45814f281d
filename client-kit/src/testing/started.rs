//! What was started, and whether it is what a test expects.

use std::fmt;

use serde_json::{Value, json};

use crate::{StartRequest, WorkflowStart};

/// Starts. Each call leaves those of them that are as it says, and fails the test when none is left, telling what there was.
#[derive(Debug, Clone)]
pub struct Starts {
    /// How the starts came here, for people.
    how: &'static str,
    all: Vec<StartRequest>,
    left: Vec<StartRequest>,
    said: Vec<String>,
}

impl Starts {
    pub(super) fn new(how: &'static str, all: Vec<StartRequest>) -> Self {
        Self { how, left: all.clone(), all, said: Vec::new() }
    }

    /// Those of this workflow type.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn workflow_type(self, name: &str) -> Self {
        self.only(format!("of workflow type `{name}`"), |start| start.workflow_type().as_str() == name)
    }

    /// Those under this workflow ID.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn workflow_id(self, id: &str) -> Self {
        self.only(format!("under workflow ID `{id}`"), |start| start.options().id.as_str() == id)
    }

    /// Those on this task queue.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn task_queue(self, name: &str) -> Self {
        self.only(format!("on task queue `{name}`"), |start| start.options().task_queue.as_str() == name)
    }

    /// Those whose first argument holds these parameters for all activities (`activityParams["all-activities"]`), and maybe
    /// more.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn with_params(self, params: Value) -> Self {
        let said = format!("with parameters {params}");
        self.only(said, |start| {
            let held =
                start.arguments().first().map(|argument| &argument["activityParams"]["all-activities"]);
            held.is_some_and(|held| holds(held, &params))
        })
    }

    /// Those with this as their one argument.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn with_input(self, input: impl Into<Value>) -> Self {
        let input = input.into();
        self.only(format!("with the one argument {input}"), |start| start.arguments() == [input.clone()])
    }

    /// Those of which this is true; `what` says it in words.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn that(self, what: &str, is: impl FnMut(&WorkflowStart) -> bool) -> Self {
        self.only(what.to_owned(), is)
    }

    /// Exactly one.
    ///
    /// # Panics
    /// When there are more, or none.
    #[track_caller]
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Exactly so many.
    ///
    /// # Panics
    /// When there are more or fewer.
    #[track_caller]
    pub fn times(self, number: usize) -> Self {
        let found = self.left.len();
        assert!(found == number, "{found} starts {} instead of {number}; {self}", self.said.join(" "));
        self
    }

    /// None at all.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn none(self) {
        self.times(0);
    }

    /// What is left, for other questions.
    #[must_use]
    pub fn requests(&self) -> &[StartRequest] {
        &self.left
    }

    #[track_caller]
    fn only(mut self, what: String, mut is: impl FnMut(&WorkflowStart) -> bool) -> Self {
        self.left.retain(|request| is(&request.start));
        self.said.push(what);
        assert!(!self.left.is_empty(), "no start {}; {self}", self.said.join(" "));
        self
    }
}

/// Whether every field of `expected` is in `value`, whatever else is.
fn holds(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => expected
            .iter()
            .all(|(name, expected)| value.get(name).is_some_and(|value| holds(value, expected))),
        (value, expected) => value == expected,
    }
}

/// What there was, a line each.
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
