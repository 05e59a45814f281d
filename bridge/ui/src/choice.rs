//! What a filter or a form lets somebody choose from.

/// A value to choose, with its words.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) word: String,
    pub(crate) is_chosen: bool,
}

impl Choice {
    /// Makes a choice; `chosen` is the value that a query or a form has.
    pub(crate) fn new(value: &str, word: &str, chosen: &str) -> Self {
        Self { value: value.to_owned(), word: word.to_owned(), is_chosen: value == chosen }
    }
}
