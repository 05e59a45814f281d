//! `/ui/alarms`: the alarms about all that the person may see, newest first, and how many there are.

use askama::Template;
use axum::response::Response;
use bridge_core::model::{AlarmId, AlarmObject, ProbableCause};
use bridge_core::ports::{AlarmFilter, KeptAlarm};
use bridge_core::{AlarmPage, AlarmScope};
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::alarms::{AlarmAckState, AlarmCount, PerceivedSeverity};

use super::{name_of, title};
use crate::choice::Choice;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link::{self, ALARMS};
use crate::page::page;
use crate::show::{Chip, Moment, words};
use crate::visit::Visit;

const LIMIT: u32 = 50;
const FILTERS: [&str; 4] = ["project", "state", "severity", "cause"];

/// The states to choose from, with their words.
const STATES: [(AlarmAckState, &str); 5] = [
    (AlarmAckState::Active, "Active"),
    (AlarmAckState::ActiveUnacknowledged, "Active, not acknowledged"),
    (AlarmAckState::ActiveAcknowledged, "Active, acknowledged"),
    (AlarmAckState::ClearedUnacknowledged, "Cleared, not acknowledged"),
    (AlarmAckState::Unacknowledged, "Not acknowledged"),
];

#[derive(Template)]
#[template(path = "alarms/list.html")]
struct AlarmsPage {
    frame: Frame,
    done: Option<&'static str>,
    project: String,
    states: Vec<Choice>,
    severities: Vec<Choice>,
    causes: Vec<Choice>,
    is_filtered: bool,
    counts: Vec<(Chip, u64)>,
    rows: Vec<AlarmRow>,
    first: Option<String>,
    next: Option<String>,
}

/// An alarm as the row of the table.
struct AlarmRow {
    chip: Chip,
    link: String,
    text: String,
    object: String,
    cause: String,
    acknowledged: String,
    raised: Moment,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let filter = filter(&visit.query);
    let (alarms, request, all) = (&visit.ui.app.alarms, &visit.request, AlarmScope::Anywhere);
    let found = alarms.list(request, &all, &filter, Some(LIMIT)).await?;
    // The counts are of all pages together.
    let whole = AlarmFilter { after: None, ..filter.clone() };
    let counts = alarms.count(request, &all, &whole).await?;
    Ok(page(StatusCode::OK, &AlarmsPage::new(&visit, filter.after.is_some(), &found, counts)))
}

/// Returns what a query asks for.
fn filter(query: &Fields) -> AlarmFilter {
    let (state, severity) = (query.text("state"), query.text("severity"));
    AlarmFilter {
        state: STATES.into_iter().map(|(one, _)| one).find(|one| one.word() == state),
        severity: PerceivedSeverity::ALL.into_iter().find(|one| one.word() == severity),
        cause: query.text("cause").parse().ok(),
        base: query.some("project").map(|project| AlarmObject::project(project).dn()),
        after: query.some("continue").map(AlarmId::from),
    }
}

impl AlarmsPage {
    fn new(visit: &Visit, is_later: bool, found: &AlarmPage, counts: AlarmCount) -> Self {
        let text = |name: &str| visit.query.text(name);
        let kept = FILTERS.map(|name| (name, text(name)));
        let at = |place: &str| link::with_query(ALARMS, &[&kept[..], &[("continue", place)]].concat());
        let severity =
            |one: PerceivedSeverity| Choice::new(one.word(), Chip::of_severity(one).word, text("severity"));
        let cause = |one: ProbableCause| Choice::new(one.word(), &words(one.word()), text("cause"));
        Self {
            frame: visit.frame.clone(),
            done: (text("done") == "over")
                .then_some("The alarm is cleared and acknowledged, so it has left the list."),
            project: text("project").to_owned(),
            states: STATES.map(|(one, word)| Choice::new(one.word(), word, text("state"))).into(),
            severities: PerceivedSeverity::ALL.into_iter().rev().map(severity).collect(),
            causes: ProbableCause::ALL.map(cause).into(),
            is_filtered: kept.iter().any(|(_, value)| !value.is_empty()),
            counts: numbers(counts),
            rows: found.alarms.iter().map(AlarmRow::from).collect(),
            first: is_later.then(|| at("")),
            next: found.next.as_ref().map(|next| at(next.as_str())),
        }
    }
}

/// Returns how many alarms there are of each severity that some have.
fn numbers(counts: AlarmCount) -> Vec<(Chip, u64)> {
    let all = [
        (PerceivedSeverity::Critical, counts.critical_count),
        (PerceivedSeverity::Major, counts.major_count),
        (PerceivedSeverity::Minor, counts.minor_count),
        (PerceivedSeverity::Warning, counts.warning_count),
        (PerceivedSeverity::Indeterminate, counts.indeterminate_count),
        (PerceivedSeverity::Cleared, counts.cleared_count),
    ];
    let some = all.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(severity, count)| (Chip::of_severity(severity), count)).collect()
}

impl From<&KeptAlarm> for AlarmRow {
    fn from(kept: &KeptAlarm) -> Self {
        let alarm = &kept.alarm;
        let ack = alarm.ack.as_ref().filter(|_| alarm.is_acknowledged());
        Self {
            chip: Chip::of_severity(alarm.perceived_severity()),
            link: link::alarm(&alarm.id, ""),
            text: title(alarm),
            object: alarm.object.dn(),
            cause: words(alarm.cause.word()),
            acknowledged: ack.map(|ack| name_of(&ack.by)).unwrap_or_default(),
            raised: Moment(alarm.raised_at),
        }
    }
}
