//! `/ui/audit`: who did what, newest first. The page does not follow it, because each look is an event, too.

use askama::Template;
use axum::response::Response;
use bridge_core::AuditPage as Found;
use bridge_core::access::Action;
use bridge_core::model::{DigKey, Event, EventActor, EventObject, EventOutcome, IntentKey, RuleKey, Source};
use bridge_core::ports::{EventFilter, KeptEvent};
use bridge_http::ApiError;
use http::StatusCode;

use crate::choice::Choice;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link::{self, AUDIT};
use crate::notice::Notice;
use crate::page::page;
use crate::rules::RulePlace;
use crate::show::{Chip, Moment, Tone};
use crate::visit::Visit;

const LIMIT: u32 = 50;
/// The filters, and how many of them are shown at first.
const FILTERS: [&str; 6] = ["actor", "verb", "object", "outcome", "since", "until"];
const SHOWN: usize = 4;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    /// Why the audit was not read.
    notice: Option<Notice>,
    query: Fields,
    outcomes: Vec<Choice>,
    /// The actions to choose from. There are more: those of the bridge itself.
    verbs: Vec<&'static str>,
    is_filtered: bool,
    /// Whether one of the filters is used that are not shown at first.
    has_more: bool,
    sealed: Sealed,
    rows: Vec<EventRow>,
    first: Option<String>,
    next: Option<String>,
}

/// How far the events on the page are sealed.
struct Sealed {
    /// The number of the newest event that is, and of its batch.
    newest: Option<(i64, i64)>,
    /// How many are newer.
    later: usize,
}

/// An event as the row of the table.
struct EventRow {
    number: i64,
    batch: Option<i64>,
    chip: Chip,
    count: u64,
    verb: String,
    objects: Vec<ObjectPart>,
    reason: String,
    who: String,
    /// How the caller was identified.
    proof: String,
    from: String,
    at: Moment,
    took_ms: Option<u64>,
    /// All fields, as JSON.
    fields: String,
}

/// A part of what an event is about, with its page if it has one.
struct ObjectPart {
    /// What it is; empty for the names that lead to an intent.
    kind: &'static str,
    name: String,
    link: Option<String>,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let filter = match filter(&visit.query) {
        Ok(filter) => filter,
        Err(notice) => {
            let status = notice.status;
            return Ok(page(status, &AuditPage::new(&visit, false, Found::default(), Some(notice))));
        }
    };
    let found = visit.ui.app.audits.list(&visit.request, &filter, LIMIT).await?;
    Ok(page(StatusCode::OK, &AuditPage::new(&visit, filter.after.is_some(), found, None)))
}

/// Returns what a query asks for.
fn filter(query: &Fields) -> Result<EventFilter, Notice> {
    let some = |name: &str| query.some(name).map(str::to_owned);
    let moment = |name: &str, label: &str| query.some(name).map(|_| query.moment(name, label)).transpose();
    Ok(EventFilter {
        actor: some("actor"),
        verb: some("verb"),
        object: some("object"),
        outcome: EventOutcome::ALL.into_iter().find(|one| one.word() == query.text("outcome")),
        since: moment("since", "earliest time")?,
        until: moment("until", "latest time")?,
        after: query.some("continue").and_then(|place| place.parse().ok()),
    })
}

impl AuditPage {
    fn new(visit: &Visit, is_later: bool, found: Found, notice: Option<Notice>) -> Self {
        let kept = FILTERS.map(|name| (name, visit.query.text(name)));
        let at = |place: &str| link::with_query(AUDIT, &[&kept[..], &[("continue", place)]].concat());
        let is_used = |(_, value): &(&str, &str)| !value.is_empty();
        let outcome =
            |one: EventOutcome| Choice::new(one.word(), chip(one).word, visit.query.text("outcome"));
        Self {
            frame: visit.frame.clone(),
            notice,
            query: visit.query.clone(),
            outcomes: EventOutcome::ALL.map(outcome).into(),
            verbs: Action::ALL.map(Action::word).into(),
            is_filtered: kept.iter().any(is_used),
            has_more: kept[SHOWN..].iter().any(is_used),
            sealed: Sealed::of(&found.events),
            rows: found.events.into_iter().map(EventRow::from).collect(),
            first: is_later.then(|| at("")),
            next: found.next.map(|next| at(&next.to_string())),
        }
    }
}

impl Sealed {
    fn of(events: &[KeptEvent]) -> Self {
        let later = events.iter().take_while(|kept| kept.batch.is_none()).count();
        let newest = events.get(later).and_then(|kept| Some((kept.place.number, kept.batch?)));
        Self { newest, later }
    }
}

impl From<KeptEvent> for EventRow {
    fn from(KeptEvent { place, batch, event }: KeptEvent) -> Self {
        let fields = serde_json::to_string_pretty(&event).unwrap_or_default();
        let Event { at, took_ms, actor, source, verb, object, outcome, reason, count, .. } = event;
        Self {
            number: place.number,
            batch,
            chip: chip(outcome),
            count,
            verb,
            objects: parts(&object),
            reason: reason.unwrap_or_default(),
            proof: proof(&actor),
            who: if actor.name.is_empty() { "nobody known".to_owned() } else { actor.name },
            from: from(source),
            at: Moment(at),
            took_ms,
            fields,
        }
    }
}

fn chip(outcome: EventOutcome) -> Chip {
    match outcome {
        EventOutcome::Pending => Chip::new(Tone::Active, "Pending"),
        EventOutcome::Allowed => Chip::new(Tone::Over, "Allowed"),
        EventOutcome::Denied => Chip::new(Tone::Bad, "Denied"),
        EventOutcome::Succeeded => Chip::new(Tone::Good, "Succeeded"),
        EventOutcome::Failed => Chip::new(Tone::Bad, "Failed"),
        EventOutcome::Unknown => Chip::new(Tone::Doubtful, "Not known"),
    }
}

/// Returns how a caller was identified, with its groups, and for whom it acts.
fn proof(actor: &EventActor) -> String {
    let mut parts = vec![[actor.kind.as_str(), &actor.issuer].join(" ").trim().to_owned()];
    if !actor.groups.is_empty() {
        parts.push(format!("in {}", actor.groups.join(", ")));
    }
    if !actor.author.is_empty() {
        parts.push(format!("written by {}", actor.author));
    }
    parts.join(" · ")
}

fn from(source: Source) -> String {
    if source.forwarded_for.is_empty() {
        source.address
    } else {
        format!("{} for {}", source.address, source.forwarded_for)
    }
}

/// Returns what an event is about; empty for the bridge itself.
fn parts(object: &EventObject) -> Vec<ObjectPart> {
    let intent = intent(object);
    let of_intent =
        |page: &str, params: &[(&str, &str)]| intent.as_ref().map(|key| link::of_intent(key, page, params));
    let schedule = format!("schedules/{}", link::encoded(&object.schedule));
    let run = [("workflow", object.workflow_id.as_str()), ("run", object.run_id.as_str())];
    let rule = RuleKey::of(if object.project.is_empty() { "*" } else { &object.project }, &object.rule);
    let alarm = link::alarm(&object.alarm_id.as_str().into(), "");
    let parts = [
        ("", object.path(), of_intent("", &[])),
        ("Schedule", object.schedule.clone(), of_intent(&schedule, &[])),
        ("Rule", object.rule.clone(), Some(RulePlace(rule).below(""))),
        ("Workflow", object.workflow_id.clone(), of_intent("run", &run)),
        ("Alarm", object.alarm_id.clone(), Some(alarm)),
    ];
    let parts = parts.into_iter().filter(|(_, name, _)| !name.is_empty());
    parts.map(|(kind, name, link)| ObjectPart { kind, name, link }).collect()
}

/// Returns the intent that an event is about.
fn intent(object: &EventObject) -> Option<IntentKey> {
    let EventObject { project, composite_app, version, deployment_intent_group, intent, .. } = object;
    let group = DigKey::new(project, composite_app, version, deployment_intent_group);
    (!intent.is_empty()).then(|| group.intent(intent))
}
