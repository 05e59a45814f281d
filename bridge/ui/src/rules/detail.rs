//! `/ui/rules/{project}/{rule}`: a rule in words, what it has decided and why, and its changes.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_core::model::KeptRule;
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::{Nanos, RuleDecision, RuleSpec, WorkflowRule};

use super::decision::DecisionRow;
use super::place::RulePlace;
use super::term::TermItem;
use super::text::text;
use super::words::{action, scope};
use crate::frame::Frame;
use crate::intents::revisions::{ChangeRow, rows};
use crate::may::May;
use crate::page::page;
use crate::schedules::in_words;
use crate::visit::Visit;

/// How many decisions are on a page, and how many changes.
const SHOWN: usize = 20;
const LATEST: u32 = 10;

const ACTIONS: [Action; 4] =
    [Action::RehearseRule, Action::PutRule, Action::DeleteRule, Action::ListDecisions];

#[derive(Template)]
#[template(path = "rules/detail.html")]
struct RulePage {
    frame: Frame,
    place: RulePlace,
    done: Option<&'static str>,
    may: May,
    rule: Arc<WorkflowRule>,
    condition: TermItem,
    actions: Vec<String>,
    options: Vec<(&'static str, String)>,
    revision: String,
    document: String,
    decisions: Decisions,
    changes: Vec<ChangeRow>,
}

/// A page of the decisions.
#[derive(Default)]
struct Decisions {
    rows: Vec<DecisionRow>,
    number: usize,
    first: Option<String>,
    next: Option<String>,
}

pub(crate) async fn show(visit: Visit, place: RulePlace) -> Result<Response, ApiError> {
    let (rules, request) = (&visit.ui.app.rules, &visit.request);
    let kept = rules.get(request, &place.0).await?;
    let may = May::ask(&visit, place.0.place(), &ACTIONS);
    let decided =
        if may.may(Action::ListDecisions) { rules.decisions(request, &place.0).await? } else { Vec::new() };
    let decisions = Decisions::new(&place, &decided, visit.query.text("after").parse().unwrap_or_default());
    let changes = rules.changes(request, &place.0, None, LATEST).await?;
    let changes = rows(&changes.changes, true);
    Ok(page(StatusCode::OK, &RulePage::new(&visit, place, kept, may, (decisions, changes))))
}

impl RulePage {
    fn new(
        visit: &Visit,
        place: RulePlace,
        kept: KeptRule,
        may: May,
        (decisions, changes): (Decisions, Vec<ChangeRow>),
    ) -> Self {
        let spec = &kept.rule.spec;
        Self {
            frame: visit.frame.clone(),
            done: (visit.query.text("done") == "saved").then_some("The rule was saved."),
            may,
            condition: TermItem::from(&spec.when),
            actions: spec.then.iter().map(action).collect(),
            options: options(spec),
            revision: kept.revision.to_string(),
            document: text(Some(&kept.rule)),
            decisions,
            changes,
            place,
            rule: kept.rule,
        }
    }
}

impl Decisions {
    /// Returns those after so many.
    fn new(place: &RulePlace, all: &[RuleDecision], after: usize) -> Self {
        let shown = all.iter().skip(after).take(SHOWN);
        let next = after.saturating_add(SHOWN);
        Self {
            rows: shown.map(|decision| DecisionRow::new(decision, false)).collect(),
            number: all.len(),
            first: (after > 0).then(|| place.below("")),
            next: (next < all.len()).then(|| place.page("", &[("after", &next.to_string())])),
        }
    }
}

/// Returns the options, with their names for people.
fn options(spec: &RuleSpec) -> Vec<(&'static str, String)> {
    let (acts, ends) = (spec.holds_for, spec.clear_for);
    let after = |time: Nanos, what: &str| {
        if time.is_zero() {
            "at once".to_owned()
        } else {
            format!("when the condition {what} {}", in_words(time))
        }
    };
    vec![
        ("Watches", scope(spec)),
        ("Looks", format!("every {}", in_words(spec.interval()))),
        ("Acts", after(acts, "has held for")),
        ("Ends", after(ends, "has not held for")),
    ]
}
