//! JSON that is kept as text.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::write::go_serializer;

/// JSON as text, as Go writes it. It takes a tenth of the memory of a parsed value. Use it for JSON that is passed on
/// and not examined.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Returns the JSON of a value.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        let mut json = Vec::new();
        value.serialize(&mut go_serializer(&mut json))?;
        Self::from_json(json)
    }

    /// Keeps JSON as it was written.
    pub(crate) fn raw(json: &RawValue) -> Self {
        Self(json.to_owned())
    }

    /// Wraps JSON that is already as Go writes it.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn from_json(json: Vec<u8>) -> Result<Self, serde_json::Error> {
        // A copy of the exact length: the buffer that it was written to has unused capacity.
        let text = str::from_utf8(&json).map_err(serde::de::Error::custom)?.to_owned();
        RawValue::from_string(text).map(Self)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }
}

/// An empty object.
impl Default for RawJson {
    fn default() -> Self {
        Self::of(&serde_json::Map::new()).expect("an empty object has JSON")
    }
}

impl<T: Into<Value>> From<T> for RawJson {
    fn from(value: T) -> Self {
        Self::of(&value.into()).expect("every value has JSON")
    }
}

/// Compares the texts.
impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::to_go_json;

    #[test]
    fn the_text_goes_through_as_it_is() {
        let raw = RawJson::of(&json!({"b": 2.0, "a": "<"})).unwrap();
        assert_eq!(raw.as_str(), r#"{"b":2,"a":"\u003c"}"#);
        assert_eq!(to_go_json(std::slice::from_ref(&raw)), [b"[", raw.as_str().as_bytes(), b"]"].concat());
        assert_eq!(serde_json::from_str::<RawJson>(raw.as_str()).unwrap(), raw);
    }
}
