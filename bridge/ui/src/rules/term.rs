//! A term of a condition, in words, with the terms that it is made of.

use askama::Template;
use askama::filters::HtmlSafe;
use workflow_api::{Condition, Term, TermState};

use super::words::{heading, term};
use crate::show::{Chip, Tone};

/// A term: the item of a list. What is shown of it is escaped by its template.
#[derive(Debug, Default, Template)]
#[template(path = "rules/term.html")]
pub(crate) struct TermItem {
    /// Whether it holds, if it was looked at.
    chip: Option<Chip>,
    text: String,
    /// What was seen.
    seen: String,
    terms: Vec<TermItem>,
}

impl HtmlSafe for TermItem {}

impl From<&Condition> for TermItem {
    fn from(condition: &Condition) -> Self {
        let terms = condition.parts().map(Self::from).collect();
        let text = heading(condition).map_or_else(|| term(condition), str::to_owned);
        Self { text, terms, ..Self::default() }
    }
}

impl From<&Term> for TermItem {
    fn from(term: &Term) -> Self {
        let text = match term.term.as_str() {
            "all" => "All of these hold",
            "any" => "At least one of these holds",
            "not" => "This does not hold",
            text => text,
        };
        Self {
            chip: Some(chip(term.state)),
            text: text.to_owned(),
            seen: term.seen.clone(),
            terms: term.terms.iter().map(Self::from).collect(),
        }
    }
}

fn chip(state: TermState) -> Chip {
    match state {
        TermState::Holds => Chip::new(Tone::Good, "Holds"),
        TermState::DoesNotHold => Chip::new(Tone::Over, "Does not hold"),
        TermState::NotNeeded => Chip::new(Tone::Over, "Not needed"),
        TermState::Unknown => Chip::new(Tone::Doubtful, "Not known"),
    }
}
