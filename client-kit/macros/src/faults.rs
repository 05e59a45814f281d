//! Collects all faults of an attribute and its function into one compiler error.

use proc_macro2::Span;
use syn::Error;

/// The faults found so far.
#[derive(Default)]
pub(crate) struct Faults(Option<Error>);

impl Faults {
    pub(crate) fn add(&mut self, span: Span, message: &str) {
        self.push(Error::new(span, message));
    }

    fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(faults) => faults.combine(error),
            none => *none = Some(error),
        }
    }

    /// Returns the faults, if there are any.
    pub(crate) fn found(self) -> Option<Error> {
        self.0
    }

    pub(crate) fn keep<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn and(mut self, error: Error) -> Error {
        match self.0.take() {
            Some(mut faults) => {
                faults.combine(error);
                faults
            }
            None => error,
        }
    }
}
