//! The fields of a query or a form, in their order.

use jiff::Timestamp;
use url::form_urlencoded;

use crate::notice::Notice;

/// The fields of a query or a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl<N: Into<String>> FromIterator<(N, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, String)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl Fields {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Returns the fields of a form. Browsers end each line with two characters, whatever the text had.
    pub(crate) fn of_form(encoded: &[u8]) -> Self {
        let fields = form_urlencoded::parse(encoded);
        fields.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect()
    }

    /// Returns the first field of this name, without space at its ends; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default().trim()
    }

    /// Returns the first field of this name, unless it is empty.
    pub(crate) fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Returns the first field of this name to the letter, as an ID must be; empty if there is none.
    pub(crate) fn exact(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Returns all fields of this name, as they were written.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns the time in a field that is called `label` on the page.
    pub(crate) fn moment(&self, name: &str, label: &str) -> Result<Timestamp, Notice> {
        self.text(name).parse().map_err(|_| {
            let text = format!("the {label} is not a time with its zone: write 2026-12-01T00:00:00Z");
            Notice::of_field(&text)
        })
    }
}
