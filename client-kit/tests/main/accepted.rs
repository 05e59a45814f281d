//! What the compiler accepts. Part of the tests themselves, as running such cases by trybuild would build every dependency anew.

mod arguments;
mod modules_and_conditions;
mod no_implicit_prelude;
mod renamed_dependency;
mod still_a_function;
