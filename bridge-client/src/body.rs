//! Bodies of requests.

use serde::Serialize;

/// What can be sent where the API takes a `T`: a reference to one, or JSON text ([`Raw`]). Where the body is optional,
/// `T` is an `Option`, and `None` sends no body.
pub trait Body<T> {
    /// Returns the JSON, or `None` if there is no body.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    fn json(self) -> Result<Option<String>, serde_json::Error>;
}

impl<T: Serialize> Body<T> for &T {
    fn json(self) -> Result<Option<String>, serde_json::Error> {
        serde_json::to_string(self).map(Some)
    }
}

impl<T: Serialize> Body<Option<T>> for Option<&T> {
    fn json(self) -> Result<Option<String>, serde_json::Error> {
        self.map(serde_json::to_string).transpose()
    }
}

/// JSON that is sent as it is. So the bridge sees fields that this version of the crate does not know, and reports
/// those that it does not know itself; and numbers keep all their digits.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a>(pub &'a str);

impl<T> Body<T> for Raw<'_> {
    fn json(self) -> Result<Option<String>, serde_json::Error> {
        Ok(Some(self.0.to_owned()))
    }
}
