//! `…/run/timeline`: what happened in a run and how long it took, newest first, a page of its history at a time.

use askama::Template;
use axum::response::Response;
use bridge_core::StatusRequest;
use bridge_core::ports::{HistoryRequest, PageToken};
use bridge_http::ApiError;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use workflow_api::RawJson;

use super::place::RunPlace;
use super::spans::{KINDS, Span, spans};
use crate::choice::Choice;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::page::page;
use crate::show::Moment;
use crate::visit::Visit;

/// How many events are read for a page.
const LIMIT: usize = 500;
/// The width of a bar's picture. What takes no time at all is still seen.
const WIDTH: f64 = 1000.0;
const LEAST: f64 = 4.0;

#[derive(Template)]
#[template(path = "runs/timeline.html")]
struct TimelinePage {
    frame: Frame,
    place: RunPlace,
    filter: Filter,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    /// The times at the ends of the bars.
    from: Option<Moment>,
    to: Option<Moment>,
    first: Option<String>,
    next: Option<String>,
}

/// What is shown of a page.
struct Filter {
    kind: String,
    name: String,
    failed: bool,
}

/// Something that happened, as a row.
struct Row {
    span: Span,
    begun: Option<Moment>,
    took: String,
    /// The part of the bar before a worker took it up, and the part after: left end and width.
    waiting: (f64, f64),
    working: (f64, f64),
}

impl Filter {
    fn of(query: &Fields) -> Self {
        let text = |name| query.text(name).to_owned();
        Self { kind: text("kind"), name: text("name"), failed: !query.text("failed").is_empty() }
    }

    fn fits(&self, span: &Span) -> bool {
        let is_named = self.name.is_empty() || span.name.to_lowercase().contains(&self.name.to_lowercase());
        is_named && (self.kind.is_empty() || self.kind == span.word()) && (!self.failed || span.has_failed())
    }

    fn is_used(&self) -> bool {
        self.failed || !self.kind.is_empty() || !self.name.is_empty()
    }

    /// Returns a page of the time line with this filter.
    fn link(&self, place: &RunPlace, token: &str) -> String {
        let failed = if self.failed { "yes" } else { "" };
        let params =
            [("kind", self.kind.as_str()), ("name", &self.name), ("failed", failed), ("continue", token)];
        place.page("timeline", &params)
    }
}

pub(crate) async fn show(visit: Visit, mut place: RunPlace) -> Result<Response, ApiError> {
    let token: Option<PageToken> = visit.query.text("continue").parse().ok();
    let is_first = token.is_none();
    let history =
        HistoryRequest { close_event: false, reverse: true, page_size: Some(LIMIT), page_token: token };
    let wanted = StatusRequest { history: Some(history), ..StatusRequest::default() };
    let report = visit.ui.app.workflows.status(&visit.request, &place.addressee(), &wanted).await?;
    let status = report.status;
    (place.workflow_id, place.run_id) = (status.workflow_id, status.run_id);
    let filter = Filter::of(&visit.query);
    let next = status.history_next_page_token.map(|token| filter.link(&place, &token));
    let first = (!is_first).then(|| filter.link(&place, ""));
    let history = status.workflow_history.unwrap_or_default();
    // What has not ended on the newest page lasts until now.
    let now = is_first.then_some(visit.request.now);
    let view = TimelinePage::new(visit.frame, place, filter, &history, now);
    Ok(page(StatusCode::OK, &TimelinePage { first, next, ..view }))
}

impl TimelinePage {
    fn new(
        frame: Frame,
        place: RunPlace,
        filter: Filter,
        history: &[RawJson],
        now: Option<Timestamp>,
    ) -> Self {
        let spans = spans(history);
        let from = spans.iter().map(|span| span.begun.unwrap_or(span.last)).min();
        let to =
            spans.iter().map(|span| if span.is_over { span.last } else { now.unwrap_or(span.last) }).max();
        let scale = Scale { from: from.unwrap_or_default(), to: to.unwrap_or_default() };
        let rows = spans.into_iter().filter(|span| filter.fits(span)).map(|span| scale.row(span)).collect();
        let kinds = KINDS.iter().map(|(_, word)| Choice::new(word, word, &filter.kind)).collect();
        let (from, to) = (from.map(Moment), to.map(Moment));
        Self { frame, place, filter, kinds, rows, from, to, first: None, next: None }
    }
}

/// The times at the ends of all bars.
struct Scale {
    from: Timestamp,
    to: Timestamp,
}

impl Scale {
    fn row(&self, span: Span) -> Row {
        let begun = span.begun.unwrap_or(self.from);
        let ended = if span.is_over { span.last } else { self.to };
        let taken = span.taken.unwrap_or(begun);
        let took = ended.duration_since(begun);
        let is_point = span.is_over && took.is_zero();
        Row {
            begun: span.begun.map(Moment),
            took: if is_point || span.begun.is_none() { String::new() } else { in_words(took) },
            waiting: self.bar(begun, taken, 0.0),
            working: self.bar(taken, ended, LEAST),
            span,
        }
    }

    /// Returns the left end and the width of a bar.
    fn bar(&self, from: Timestamp, to: Timestamp, least: f64) -> (f64, f64) {
        let all = self.to.duration_since(self.from).as_secs_f64();
        let at = |time: Timestamp| {
            let part = time.duration_since(self.from).as_secs_f64() / all;
            if part.is_finite() { (part * WIDTH).round() } else { 0.0 }
        };
        let width = (at(to) - at(from)).max(least);
        (at(from).min(WIDTH - width), width)
    }
}

/// Returns a length of time with as many digits as somebody reads.
fn in_words(time: SignedDuration) -> String {
    let digits = if time.as_secs() < 10 { 1_000_000 } else { 1_000_000_000 };
    let rounded =
        SignedDuration::from_nanos((time.as_nanos() / digits * digits).try_into().unwrap_or(i64::MAX));
    format!("{rounded:#}")
}
