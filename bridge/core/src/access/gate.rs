//! Who may do what.

use std::fmt;

use super::action::{Action, Resource};
use crate::request::Request;

/// Decides which actions are allowed.
pub trait Gate: fmt::Debug + Send + Sync {
    /// Decides whether the actor of a request may do this.
    ///
    /// # Errors
    /// Returns the reason for the denial, as part of a sentence.
    fn decide(&self, request: &Request, action: Action, resource: &Resource<'_>) -> Result<(), String>;
}

/// A gate that allows everything. Authentication has decided before who may connect.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open;

impl Gate for Open {
    fn decide(&self, _: &Request, _: Action, _: &Resource<'_>) -> Result<(), String> {
        Ok(())
    }
}
