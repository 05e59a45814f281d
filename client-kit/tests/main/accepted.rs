//! Code that the compiler accepts. It is part of the test program, so it needs no separate compilation.

mod arguments;
mod modules_and_conditions;
mod no_implicit_prelude;
mod renamed_dependency;
mod still_a_function;
