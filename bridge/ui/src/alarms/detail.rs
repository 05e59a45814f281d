//! `/ui/alarms/{alarm}`: an alarm, and what can be done about it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use bridge_core::AlarmScope;
use bridge_core::access::{Action, Resource};
use bridge_core::model::{Alarm, AlarmId, By, Comment};
use bridge_core::ports::KeptAlarm;
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::alarms::AckState;

use super::{name_of, title};
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link::{self, ALARMS};
use crate::may::May;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::show::{Chip, Moment, words};
use crate::visit::{Form, Visit};

const ACTIONS: [Action; 3] = [Action::AcknowledgeAlarm, Action::ClearAlarm, Action::CommentAlarm];

#[derive(Template)]
#[template(path = "alarms/detail.html")]
struct AlarmPage {
    frame: Frame,
    /// Why something was not done.
    notice: Option<Notice>,
    done: Option<&'static str>,
    may: May,
    alarm: Alarm,
    title: String,
    chip: Chip,
    worst: Chip,
    cause: String,
    kind: String,
    /// How the severity changed last; empty if it did not.
    trend: String,
    links: Links,
    raised: Moment,
    changed: Option<Moment>,
    /// When and by whom it was cleared.
    cleared: Option<(Moment, String)>,
    /// When and by whom it was acknowledged.
    acknowledged: Option<(Moment, String)>,
    comments: Vec<CommentRow>,
    /// The text of a comment that was not added.
    comment: String,
}

/// The pages of what an alarm is about: names and paths.
#[derive(Debug, Default)]
struct Links {
    intent: Option<(String, String)>,
    workflow: Option<(String, String)>,
}

struct CommentRow {
    at: Moment,
    by: String,
    text: String,
}

impl AlarmPage {
    fn page(visit: &Visit, kept: KeptAlarm, notice: Option<Notice>, comment: &str) -> Response {
        let status = notice.as_ref().map_or(StatusCode::OK, |notice| notice.status);
        page(status, &Self::new(visit, kept.alarm, notice, comment))
    }

    fn new(visit: &Visit, alarm: Alarm, notice: Option<Notice>, comment: &str) -> Self {
        let scope = AlarmScope::of(&alarm.object);
        let ack = alarm.ack.as_ref().filter(|_| alarm.is_acknowledged());
        let mut comments: Vec<_> = alarm.comments.values().collect();
        comments.sort_by_key(|comment| comment.at);
        Self {
            frame: visit.frame.clone(),
            notice,
            done: done(visit.query.text("done")),
            may: May::ask(visit, scope.resource().unwrap_or(Resource::Bridge), &ACTIONS),
            title: title(&alarm),
            chip: Chip::of_severity(alarm.perceived_severity()),
            worst: Chip::of_severity(alarm.worst),
            cause: words(alarm.cause.word()),
            kind: words(alarm.cause.alarm_type().word()),
            trend: alarm.trend.map(|trend| words(trend.word())).unwrap_or_default(),
            links: Links::of(&alarm),
            raised: Moment(alarm.raised_at),
            changed: alarm.changed_at.map(Moment),
            cleared: alarm
                .cleared
                .as_ref()
                .map(|cleared| (Moment(cleared.at), cleared.by.as_ref().map(name_of).unwrap_or_default())),
            acknowledged: ack.map(|ack| (Moment(ack.at), name_of(&ack.by))),
            comments: comments.into_iter().map(CommentRow::from).collect(),
            comment: comment.to_owned(),
            alarm,
        }
    }
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, ApiError> {
    let kept = visit.ui.app.alarms.get(&visit.request, &AlarmId::from(id.as_str())).await?;
    Ok(AlarmPage::page(&visit, kept, None, ""))
}

pub(crate) async fn act(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, ApiError> {
    let id = AlarmId::from(id.as_str());
    match change(&visit, &id, &form).await {
        Ok(done) => Ok(see(&done)),
        Err(notice) => {
            let kept = visit.ui.app.alarms.get(&visit.request, &id).await?;
            Ok(AlarmPage::page(&visit, kept, Some(notice), form.text("comment")))
        }
    }
}

/// Makes the change that a form asks for, and returns the page to go on with.
async fn change(visit: &Visit, id: &AlarmId, form: &Fields) -> Result<String, Notice> {
    let (alarms, request, by) = (&visit.ui.app.alarms, &visit.request, By::default());
    let wanted = form.text("do");
    let kept = match wanted {
        "acknowledge" => alarms.acknowledge(request, id, AckState::Acknowledged, by).await?,
        "unacknowledge" => alarms.acknowledge(request, id, AckState::Unacknowledged, by).await?,
        "clear" => alarms.clear_by_hand(request, id, by).await?,
        _ if form.text("comment").is_empty() => {
            return Err(Notice::of_field("the comment is empty: write its text"));
        }
        _ => {
            alarms.comment(request, id, form.text("comment"), by).await?;
            return Ok(link::alarm(id, "comment"));
        }
    };
    let is_over = kept.alarm.is_over();
    Ok(if is_over { link::with_query(ALARMS, &[("done", "over")]) } else { link::alarm(id, wanted) })
}

/// Returns what was done before.
fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "acknowledge" => "The alarm is acknowledged.",
        "unacknowledge" => "The alarm is not acknowledged any more.",
        "clear" => "The alarm is cleared. It is raised again if its condition is seen again.",
        "comment" => "The comment was added.",
        _ => return None,
    })
}

impl Links {
    fn of(alarm: &Alarm) -> Self {
        let Some(intent) = alarm.object.intent_key() else { return Self::default() };
        let workflow = alarm.object.of_event().workflow_id;
        let run = link::of_intent(&intent, "run", &[("workflow", &workflow)]);
        Self {
            workflow: (!workflow.is_empty()).then(|| (workflow.clone(), run)),
            intent: Some((intent.name.clone(), link::intent(&intent))),
        }
    }
}

impl From<&Comment> for CommentRow {
    fn from(comment: &Comment) -> Self {
        Self { at: Moment(comment.at), by: name_of(&comment.by), text: comment.text.clone() }
    }
}
