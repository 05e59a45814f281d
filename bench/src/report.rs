//! Figures: medians and their spread, and what they must reach.

use indexmap::IndexMap;
use serde_json::{Value, json};

/// What was measured, by name.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: IndexMap<&'static str, Figure>,
}

#[derive(Debug, Default)]
struct Figure {
    /// Each round's.
    rounds: Vec<f64>,
    /// That of all rounds taken together, where it is not the median of theirs.
    of_all: Option<f64>,
}

/// What a figure must reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn sign(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}"),
            Self::AtMost(bound) => format!("≤ {bound}"),
        }
    }
}

impl Report {
    /// Notes one round's figure.
    pub(crate) fn note(&mut self, name: &'static str, value: f64) {
        self.figures.entry(name).or_default().rounds.push(value);
    }

    /// Notes what all rounds show together, which is surer than the middle one of few.
    pub(crate) fn note_of_all(&mut self, name: &'static str, value: f64) {
        self.figures.entry(name).or_default().of_all = Some(value);
    }

    /// The median of what was noted so far; 0 where that is nothing.
    pub(crate) fn median(&self, name: &str) -> f64 {
        self.figures.get(name).map_or(0.0, |figure| figure.summary().0)
    }

    /// The medians by name, and the spreads by name under `spread`.
    pub(crate) fn to_json(&self) -> Value {
        let mut medians = serde_json::Map::new();
        let mut spreads = serde_json::Map::new();
        for (name, figure) in &self.figures {
            let (median, spread) = figure.summary();
            medians.insert((*name).to_owned(), json!(rounded(median)));
            spreads.insert((*name).to_owned(), json!(rounded(spread)));
        }
        medians.insert("spread".to_owned(), Value::Object(spreads));
        Value::Object(medians)
    }

    /// A line for each figure.
    pub(crate) fn to_text(&self, bounds: &[(&str, Bound)]) -> String {
        let mut text = format!("{:34} {:>12} {:>10}   {}\n", "figure", "median", "spread", "must be");
        for (name, figure) in &self.figures {
            let (median, spread) = figure.summary();
            let bound = bounds.iter().find(|(of, _)| of == name).map(|(_, bound)| *bound);
            let judged = bound.map_or(String::new(), |bound| {
                format!("{}{}", bound.sign(), if bound.holds(median) { "" } else { "  MISSED" })
            });
            text += &format!("{name:34} {:>12} {:>10}   {judged}\n", rounded(median), rounded(spread));
        }
        text
    }
}

impl Figure {
    /// The median, and how far the middle half of the rounds lies apart.
    fn summary(&self) -> (f64, f64) {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let median = self.of_all.unwrap_or_else(|| quantile(&sorted, 0.5));
        (median, quantile(&sorted, 0.75) - quantile(&sorted, 0.25))
    }
}

/// The value below which this share of `sorted` lies; 0 where there is none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * sorted.len().saturating_sub(1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(low), Some(high)) => low + (high - low) * at.fract(),
        _ => 0.0,
    }
}

/// To three digits that matter.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10_f64.powi(2 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_spread_that_of_the_middle_half() {
        let summary = |rounds: &[f64]| Figure { rounds: rounds.to_vec(), of_all: None }.summary();
        assert_eq!(summary(&[5.0, 1.0, 2.0, 4.0, 3.0]), (3.0, 2.0));
        assert_eq!(summary(&[7.0]), (7.0, 0.0));
        assert_eq!(quantile(&[1.0, 2.0], 0.99), 1.99);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn what_all_rounds_show_together_stands_for_their_median() {
        let mut report = Report::default();
        for round in [1.0, 2.0, 9.0] {
            report.note("time", round);
        }
        report.note_of_all("time", 3.0);
        assert_eq!(report.median("time"), 3.0);
        assert_eq!(report.to_json(), json!({"time": 3.0, "spread": {"time": 4.0}}));
    }

    #[test]
    fn three_digits_are_kept() {
        let three = [1234.0, 12.345, 0.012_345, 0.0].map(rounded);
        assert_eq!(three, [1230.0, 12.3, 0.0123, 0.0]);
    }

    #[test]
    fn a_missed_bound_is_told() {
        let mut report = Report::default();
        report.note("ratio", 0.5);
        assert!(report.to_text(&[("ratio", Bound::AtLeast(0.9))]).contains("MISSED"));
        assert!(!report.to_text(&[("ratio", Bound::AtMost(0.9))]).contains("MISSED"));
        assert_eq!(report.to_json(), json!({"ratio": 0.5, "spread": {"ratio": 0.0}}));
    }
}
