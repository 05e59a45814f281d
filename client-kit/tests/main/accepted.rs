//! What the compiler accepts. Part of the tests themselves: what compiles needs no compiler of its own.

mod arguments;
mod modules_and_conditions;
mod no_implicit_prelude;
mod renamed_dependency;
mod still_a_function;
