//! Our own marks in templates: `{name}`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// What stands for which mark.
#[derive(Debug, Default)]
pub(super) struct Fill(BTreeMap<String, String>);

impl Fill {
    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }

    /// The text with every mark replaced. A value is not looked at again.
    pub(super) fn put_into(&self, template: &str) -> Result<String> {
        let mut text = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, from_mark)) = rest.split_once('{') {
            let (name, after) = from_mark.split_once('}').context("a mark in a template does not end")?;
            let value = self.0.get(name).with_context(|| format!("a template asks for `{name}`"))?;
            text.push_str(before);
            text.push_str(value);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_its_value_or_is_told() {
        let fill = Fill::default().with("a", "{b}").with("b", 2);
        assert_eq!(fill.put_into("x{a}{b}y").unwrap(), "x{b}2y");
        assert!(fill.put_into("{c}").unwrap_err().to_string().contains("`c`"));
        assert!(fill.put_into("{a").is_err());
    }
}
