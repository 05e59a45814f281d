#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod answer;
mod body;
mod bridge;
mod call;
mod credentials;
mod error;
mod events;
pub mod model;
mod operations;
mod place;

pub use answer::Answer;
pub use body::{Body, Raw};
pub use bridge::{Bridge, Settings};
pub use call::{Call, Condition, Pages};
pub use credentials::{Credentials, TokenFunction};
pub use error::{BuildError, Error};
pub use events::{Event, Events, EventsOnly};
pub use operations::{OPERATIONS, Operation};
pub use place::Place;
pub use reqwest::{Method, StatusCode};
pub use workflow_api::{DigKey, IntentKey, Problem};
