//! `/ui/rules`: the rules over all projects, and those of each project.

use askama::Template;
use axum::response::Response;
use bridge_core::FoundRule;
use bridge_core::access::Action;
use bridge_http::ApiError;
use http::StatusCode;

use super::place::RulePlace;
use super::samples::{SAMPLES, Sample};
use super::words::{action, scope, when};
use crate::frame::Frame;
use crate::link::{self, RULES};
use crate::page::page;
use crate::show::{Chip, Moment, Tone};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "rules/list.html")]
struct RulesPage {
    frame: Frame,
    done: Option<&'static str>,
    project: String,
    /// Where to write a rule, if the person may do that anywhere.
    new: Option<String>,
    rows: Vec<RuleRow>,
    samples: Vec<(String, &'static Sample)>,
}

/// A rule as the row of the table.
struct RuleRow {
    /// Whether it sees something now, if the person may know.
    chip: Option<Chip>,
    link: String,
    name: String,
    project: String,
    scope: String,
    when: String,
    actions: Vec<String>,
    /// How often it has decided, and when last.
    decided: Option<(usize, Option<Moment>)>,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let project = visit.query.some("project");
    let found = visit.ui.app.rules.search(&visit.request, project).await?;
    let may_write = visit.ui.app.rights.anywhere(&visit.request, Action::PutRule);
    let project = project.unwrap_or_default().to_owned();
    let new = |sample: &str| {
        link::with_query(&format!("{RULES}/new"), &[("project", &project), ("sample", sample)])
    };
    let samples = SAMPLES.iter().filter(|_| may_write);
    let view = RulesPage {
        done: (visit.query.text("done") == "deleted").then_some("The rule was deleted."),
        new: may_write.then(|| new("")),
        rows: found.iter().map(RuleRow::from).collect(),
        samples: samples.map(|sample| (new(sample.name), sample)).collect(),
        project,
        frame: visit.frame,
    };
    Ok(page(StatusCode::OK, &view))
}

impl From<&FoundRule> for RuleRow {
    fn from(found: &FoundRule) -> Self {
        let place = RulePlace(found.key.clone());
        let spec = &found.kept.rule.spec;
        Self {
            chip: found.decided.map(|decided| match decided.open {
                0 => Chip::new(Tone::Good, "Quiet"),
                _ => Chip::new(Tone::Doubtful, "Fired"),
            }),
            link: place.link(""),
            name: found.key.name.clone(),
            project: place.project().to_owned(),
            scope: scope(spec),
            when: when(spec),
            actions: spec.then.iter().map(action).collect(),
            decided: found.decided.map(|decided| (decided.all, decided.last.map(Moment))),
        }
    }
}
