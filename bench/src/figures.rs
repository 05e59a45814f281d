//! The figures: their bounds, and the measured values.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::Bound::{AtLeast, AtMost};
use self::Group::{Alone, Beside, Hostile, Rights};

/// A group of figures, which can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Group {
    /// Beside Temporal's dev server.
    Beside,
    /// Against a frontend that answers at once.
    Alone,
    /// Under attack and under overload.
    Hostile,
    /// With many bindings, and with many intents.
    Rights,
}

/// The bound of each figure, on two cores.
const BOUNDS: [(Group, &str, Bound); 31] = [
    (Beside, "invoke_vs_raw_throughput", AtLeast(0.9)),
    (Beside, "start_vs_raw_throughput", AtLeast(0.8)),
    (Beside, "status_vs_raw_throughput", AtLeast(0.85)),
    (Beside, "status_with_token_vs_raw_throughput", AtLeast(0.8)),
    (Beside, "invoke_added_p50_ms", AtMost(0.5)),
    (Beside, "start_added_p50_ms", AtMost(2.0)),
    (Alone, "invoke_cpu_us", AtMost(150.0)),
    (Alone, "start_cpu_us", AtMost(600.0)),
    (Alone, "status_cpu_us", AtMost(150.0)),
    (Alone, "waiter_kib", AtMost(48.0)),
    (Alone, "polls", AtMost(100.0)),
    (Beside, "bridge_idle_mib", AtMost(32.0)),
    (Beside, "deciding_idle_mib", AtMost(8.0)),
    (Beside, "client_idle_mib", AtMost(20.0)),
    (Beside, "worker_idle_mib", AtMost(32.0)),
    (Beside, "bridge_ready_ms", AtMost(150.0)),
    (Beside, "client_ready_ms", AtMost(150.0)),
    (Alone, "history_first_page_ms", AtMost(100.0)),
    (Alone, "history_first_page_mib", AtMost(8.0)),
    (Alone, "history_whole_mib", AtMost(64.0)),
    (Alone, "slow_caller_p99_ratio", AtMost(3.0)),
    (Hostile, "hostile_body_ms", AtMost(200.0)),
    (Hostile, "hostile_health_ms", AtMost(100.0)),
    (Hostile, "hostile_p99_ratio", AtMost(3.0)),
    (Hostile, "hostile_stop_s", AtMost(3.0)),
    (Hostile, "goodput_at_1x", AtLeast(0.8)),
    (Hostile, "goodput_at_3x", AtLeast(0.8)),
    (Hostile, "goodput_at_10x", AtLeast(0.8)),
    (Hostile, "one_id_unknown", AtMost(0.0)),
    (Rights, "decision_us", AtMost(50.0)),
    (Rights, "filtered_page_ms", AtMost(100.0)),
];

#[derive(Debug, Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            AtLeast(bound) => value >= bound,
            AtMost(bound) => value <= bound,
        }
    }

    fn sign(self) -> String {
        match self {
            AtLeast(bound) => format!("≥ {bound}"),
            AtMost(bound) => format!("≤ {bound}"),
        }
    }
}

/// The measured values, one for each round, by the figure's name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// The groups that are measured.
    groups: Vec<Group>,
    values: BTreeMap<&'static str, Vec<f64>>,
}

impl Figures {
    pub(crate) fn of(groups: Vec<Group>) -> Self {
        Self { groups, ..Self::default() }
    }

    /// Reports whether this group is to be measured.
    pub(crate) fn include(&self, group: Group) -> bool {
        self.groups.contains(&group)
    }

    /// Adds the value of one round.
    pub(crate) fn note(&mut self, name: &'static str, value: f64) {
        self.values.entry(name).or_default().push(value);
    }

    /// Reports whether every figure was measured and keeps its bound.
    pub(crate) fn hold(&self) -> bool {
        self.summaries().all(|(_, bound, median, _)| bound.holds(median))
    }

    /// Returns the medians by name, and the spreads by name under `spread`.
    pub(crate) fn to_json(&self) -> Value {
        let (mut medians, mut spreads) = (Map::new(), Map::new());
        for (name, _, median, spread) in self.summaries().filter(|(_, _, median, _)| median.is_finite()) {
            medians.insert(name.to_owned(), json!(rounded(median)));
            spreads.insert(name.to_owned(), json!(rounded(spread)));
        }
        medians.insert("spread".to_owned(), Value::Object(spreads));
        Value::Object(medians)
    }

    /// Returns a line for each figure, in the form of a Markdown table.
    pub(crate) fn to_text(&self) -> String {
        let mut text = "| Figure | Median | Spread | Must be | |\n|---|---|---|---|---|\n".to_owned();
        for (name, bound, median, spread) in self.summaries() {
            let held = if bound.holds(median) { "held" } else { "MISSED" };
            let (median, spread, sign) = (rounded(median), rounded(spread), bound.sign());
            text += &format!("| `{name}` | {median} | {spread} | {sign} | {held} |\n");
        }
        text
    }

    /// Returns the name and bound of each figure, its median, and the spread of the middle half of its rounds.
    fn summaries(&self) -> impl Iterator<Item = (&'static str, Bound, f64, f64)> {
        BOUNDS.iter().filter(|(group, ..)| self.include(*group)).map(|(_, name, bound)| {
            let mut values = self.values.get(name).cloned().unwrap_or_default();
            let median = quantile(&mut values, 0.5);
            (*name, *bound, median, quantile(&mut values, 0.75) - quantile(&mut values, 0.25))
        })
    }
}

/// Returns the value below which this share of `values` lies; not a number if there are none.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = share * values.len().saturating_sub(1) as f64;
    match (values.get(at.floor() as usize), values.get(at.ceil() as usize)) {
        (Some(low), Some(high)) => low + (high - low) * at.fract(),
        _ => f64::NAN,
    }
}

/// Rounds to three significant digits.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(2 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Group; 4] = [Beside, Alone, Hostile, Rights];

    fn all_at(value: impl Fn(Bound) -> f64) -> Figures {
        let mut figures = Figures::of(ALL.to_vec());
        BOUNDS.iter().for_each(|(_, name, bound)| figures.note(name, value(*bound)));
        figures
    }

    #[test]
    fn figures_hold_at_their_bounds_and_not_beyond_them() {
        let at_bound = |bound| match bound {
            AtLeast(bound) | AtMost(bound) => bound,
        };
        let mut figures = all_at(at_bound);
        assert!(figures.hold() && !figures.to_text().contains("MISSED"));
        figures.note("polls", 300.0);
        assert!(!figures.hold() && figures.to_text().contains("| `polls` | 200 | 100 | ≤ 100 | MISSED |"));
        assert!(!Figures::of(ALL.to_vec()).hold(), "a figure without values does not hold");
        assert!(
            !Figures { groups: vec![Alone], ..figures.clone() }.hold()
                && Figures { groups: vec![Hostile], ..figures }.hold(),
            "the other groups do not matter"
        );
    }

    #[test]
    fn medians_and_spreads_are_two_objects() {
        let mut figures = Figures::of(ALL.to_vec());
        [5.0, 1.0, 2.0, 4.0, 3.0].into_iter().for_each(|value| figures.note("waiter_kib", value));
        assert_eq!(figures.to_json(), json!({"waiter_kib": 3.0, "spread": {"waiter_kib": 2.0}}));
    }

    #[test]
    fn three_digits_are_kept() {
        assert_eq!([1234.0, 12.345, 0.012_345, 0.0].map(rounded), [1230.0, 12.3, 0.0123, 0.0]);
    }

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!(quantile(&mut [2.0, 1.0], 0.99), 1.99);
        assert!(quantile(&mut [], 0.5).is_nan());
    }
}
