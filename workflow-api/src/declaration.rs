//! What a workflow client and its worker declare of a workflow: names and types, as constants that both use.

use crate::params::{Parameters, ParamsSchema, UnusableSchema, schema_of};

/// The name of EMCO's query for the progress of a workflow (EMCO-API §2.5).
pub const CURRENT_STATE: &str = "current-state";
/// The name of the query for the whole progress.
pub const PROGRESS: &str = "progress";

/// What there is to know of a workflow from outside: its type, task queue, activities, and what can be sent to it. The
/// worker and the workflow client use one declaration, so that they cannot differ.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use workflow_api::{CURRENT_STATE, Declaration, Message, PROGRESS};
///
/// pub const GREET: &str = "Greet";
/// pub const STOP: &str = "stop";
///
/// /// The argument of the signal.
/// #[derive(Deserialize, JsonSchema)]
/// pub struct Stop {
///     /// Why.
///     pub reason: String,
/// }
///
/// pub const HELLO: Declaration = Declaration::new("Hello", "HELLO_Q")
///     .with_activities(&[GREET])
///     .with_signals(&[Message::of::<Stop>(STOP)])
///     .with_queries(&[Message::any(CURRENT_STATE), Message::any(PROGRESS)]);
/// # assert_eq!(HELLO.workflow, "Hello");
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Declaration {
    /// The workflow type.
    pub workflow: &'static str,
    /// The task queue of its workers.
    pub task_queue: &'static str,
    /// The names of its activities, which an intent can have options and parameters for.
    pub activities: &'static [&'static str],
    /// The signals that it handles.
    pub signals: &'static [Message],
    /// The updates that it handles.
    pub updates: &'static [Message],
    /// The queries that it answers.
    pub queries: &'static [Message],
}

impl Declaration {
    /// Declares a workflow without activities, to which nothing can be sent.
    #[must_use]
    pub const fn new(workflow: &'static str, task_queue: &'static str) -> Self {
        Self { workflow, task_queue, activities: &[], signals: &[], updates: &[], queries: &[] }
    }

    /// Sets the names of its activities. Options and parameters of an intent for any other activity are faults, and so
    /// are parameters for an activity of which the workflow client reads none.
    #[must_use]
    pub const fn with_activities(self, activities: &'static [&'static str]) -> Self {
        Self { activities, ..self }
    }

    /// Sets its signals.
    #[must_use]
    pub const fn with_signals(self, signals: &'static [Message]) -> Self {
        Self { signals, ..self }
    }

    /// Sets its updates.
    #[must_use]
    pub const fn with_updates(self, updates: &'static [Message]) -> Self {
        Self { updates, ..self }
    }

    /// Sets its queries.
    #[must_use]
    pub const fn with_queries(self, queries: &'static [Message]) -> Self {
        Self { queries, ..self }
    }

    /// Checks that arguments can be validated by the schemas of their types.
    ///
    /// # Errors
    /// The first schema that, because of the author's attributes, is not a valid JSON Schema.
    pub fn usable(&self) -> Result<(), UnusableSchema> {
        let messages = [self.signals, self.updates, self.queries].into_iter().flatten();
        let arguments = messages.filter_map(|message| message.args).flatten();
        arguments.into_iter().try_for_each(|argument| argument.schema().usable())
    }
}

/// A signal, update or query that a workflow handles.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    name: &'static str,
    args: Option<&'static [Argument]>,
}

impl Message {
    /// Declares a message with these arguments, in order.
    #[must_use]
    pub const fn new(name: &'static str, args: &'static [Argument]) -> Self {
        Self { name, args: Some(args) }
    }

    /// Declares a message with one argument of this type.
    #[must_use]
    pub const fn of<T: Parameters>(name: &'static str) -> Self {
        Self::new(name, One::<T>::ARGS)
    }

    /// Declares a message that takes any arguments, or none.
    #[must_use]
    pub const fn any(name: &'static str) -> Self {
        Self { name, args: None }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its arguments; `None` if it takes any.
    pub(crate) fn args(&self) -> Option<&'static [Argument]> {
        self.args
    }
}

struct One<T>(std::marker::PhantomData<T>);

impl<T: Parameters> One<T> {
    const ARGS: &'static [Argument] = &[Argument::of::<T>()];
}

/// The type of an argument.
#[derive(Debug, Clone, Copy)]
pub struct Argument(fn() -> &'static ParamsSchema);

impl Argument {
    /// Declares an argument of this type. It may be left out if the type accepts `null`.
    #[must_use]
    pub const fn of<T: Parameters>() -> Self {
        Self(schema_of::<T>)
    }

    /// Returns the schema of the type.
    pub(crate) fn schema(&self) -> &'static ParamsSchema {
        (self.0)()
    }
}
