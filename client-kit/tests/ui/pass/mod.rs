//! What the compiler accepts. Part of the tests themselves, as running such cases by trybuild would build every dependency anew.

mod modules_and_conditions;
mod no_implicit_prelude;
mod spec_and_context;
mod still_a_function;
