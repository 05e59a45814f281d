//! The kit from outside: its macro, its HTTP, its Temporal.

mod ui;
