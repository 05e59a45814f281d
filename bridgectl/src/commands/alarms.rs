//! `alarm`: shows and settles alarms.

use anyhow::Result;
use bridge_client::Call;
use bridge_client::model::AlarmPatch;
use serde_json::Value;
use workflow_api::alarms::{AckState, AlarmComment, AlarmRecord, PerceivedSeverity};

use crate::exit::ended;
use crate::output::{Format, Listing, everything, line};
use crate::session::Session;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List alarms, newest first.
    List(Filter),
    /// Count alarms by severity.
    Count(Filter),
    /// Show an alarm.
    Get { id: String },
    /// Acknowledge alarms.
    Ack {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Withdraw the acknowledgement of alarms.
    Unack {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Clear alarms by hand. They are raised again when their condition is seen again.
    Clear {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Comment on an alarm.
    Comment { id: String, text: String },
    /// Show what happens to alarms from now on, until it is interrupted.
    Watch {
        /// Only about this intent, group: as for `list`.
        #[arg(long)]
        scope: Option<String>,
        /// End after this many notifications.
        #[arg(long, value_name = "NUMBER")]
        count: Option<usize>,
    },
}

/// An alarm must meet all that are given.
#[derive(Debug, clap::Args)]
pub(crate) struct Filter {
    /// Also those that are cleared and not acknowledged.
    #[arg(long)]
    all: bool,
    /// Only alarms of this severity: CRITICAL, MAJOR, MINOR, WARNING.
    #[arg(long)]
    severity: Option<String>,
    /// Only alarms of this cause, such as workflowFailed.
    #[arg(long)]
    cause: Option<String>,
    /// Only alarms about this: project/app/version/group, or an intent in it. Default: all that you may see.
    #[arg(long)]
    scope: Option<String>,
}

impl Filter {
    fn set<T>(&self, call: Call<T>) -> Call<T> {
        let state = (!self.all).then_some("ALL_ACTIVE_ALARMS");
        call.query_opt("alarmAckState", state)
            .query_opt("perceivedSeverity", self.severity.as_ref())
            .query_opt("probableCause", self.cause.as_ref())
            .query_opt("scope", self.scope.as_ref())
    }
}

impl Command {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let ack = |state| AlarmPatch { ack_state: Some(state), ..AlarmPatch::default() };
        match self {
            Self::List(filter) => {
                let (alarms, json) = everything(filter.set(ctl.bridge.list_alarms())).await?;
                let rows = alarms.iter().map(row).collect();
                let header =
                    &["ID", "SEVERITY", "CAUSE", "RAISED", "ACKNOWLEDGED", "OBJECT", "TEXT", "PROBLEM"];
                ctl.out.list(&Listing { json, header, narrow: 6, rows })
            }
            Self::Count(filter) => {
                let answer = filter.set(ctl.bridge.count_alarms()).await?;
                let count = &answer.value;
                let fields = [
                    ("Critical", count.critical_count.to_string()),
                    ("Major", count.major_count.to_string()),
                    ("Minor", count.minor_count.to_string()),
                    ("Warning", count.warning_count.to_string()),
                    ("Indeterminate", count.indeterminate_count.to_string()),
                    ("Cleared", count.cleared_count.to_string()),
                ];
                ctl.out.document(answer.text(), "alarms", &fields)
            }
            Self::Get { id } => {
                let answer = ctl.bridge.get_alarm(&id).await?;
                ctl.out.document(answer.text(), &id, &fields(&answer.value))
            }
            Self::Ack { ids } => patch(ctl, &ids, &ack(AckState::Acknowledged), "acknowledged").await,
            Self::Unack { ids } => patch(ctl, &ids, &ack(AckState::Unacknowledged), "not acknowledged").await,
            Self::Clear { ids } => {
                let severity = Some(PerceivedSeverity::Cleared);
                let clear = AlarmPatch { perceived_severity: severity, ..AlarmPatch::default() };
                patch(ctl, &ids, &clear, "cleared").await
            }
            Self::Comment { id, text } => {
                let comment = AlarmComment { comment_text: text, ..AlarmComment::default() };
                let answer = ctl.bridge.comment_alarm(&id, &comment).await?;
                ctl.out.report(answer.text(), &id, &format!("alarm {id} has a comment"))
            }
            Self::Watch { scope, count } => watch(ctl, scope.as_deref(), count).await,
        }
    }
}

async fn patch(ctl: &Session, ids: &[String], patch: &AlarmPatch, done: &str) -> Result<()> {
    for id in ids {
        let answer = ctl.bridge.patch_alarm(id, patch).await?;
        ctl.out.report(answer.text(), id, &format!("alarm {id} {done}"))?;
    }
    Ok(())
}

async fn watch(ctl: &Session, scope: Option<&str>, count: Option<usize>) -> Result<()> {
    let mut events = ctl.bridge.alarm_events().query_opt("scope", scope).events().await?;
    let mut left = count.unwrap_or(usize::MAX);
    while left > 0 {
        let event = tokio::select! {
            event = events.next() => event?,
            _ = tokio::signal::ctrl_c() => return Err(ended(130, "stopped watching")),
        };
        let Some(event) = event else { return Ok(()) };
        match ctl.out.0 {
            Format::Json | Format::Yaml => line(&event.data)?,
            Format::Table | Format::Wide | Format::Name => line(&sentence(&event.kind, &event.data))?,
        }
        left -= 1;
    }
    Ok(())
}

/// Returns a notification as a line for people.
fn sentence(kind: &str, data: &str) -> String {
    let value: Value = serde_json::from_str(data).unwrap_or_default();
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let words = [
        text("eventTime"),
        kind.trim_start_matches("notify"),
        text("perceivedSeverity"),
        text("probableCause"),
    ];
    let about = [text("alarmId"), text("href"), text("additionalText"), text("reason")];
    words.into_iter().chain(about).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
}

fn row(alarm: &AlarmRecord) -> Vec<String> {
    vec![
        alarm.alarm_id.clone().unwrap_or_default(),
        alarm.perceived_severity.word().to_owned(),
        alarm.probable_cause.clone(),
        alarm.alarm_raised_time.clone(),
        if alarm.ack_state == AckState::Acknowledged { "yes" } else { "no" }.to_owned(),
        alarm.object_instance.clone(),
        alarm.additional_text.clone(),
        alarm.specific_problem.clone(),
    ]
}

fn fields(alarm: &AlarmRecord) -> Vec<(&'static str, String)> {
    let by = |time: &Option<String>, user: &str| match time {
        Some(time) => format!("{time}  {user}").trim_end().to_owned(),
        None => String::new(),
    };
    let comments = alarm.comments.values();
    let comments: Vec<_> = comments
        .map(|comment| {
            let time = comment.comment_time.clone().unwrap_or_default();
            format!("{time}  {}: {}", comment.comment_user_id, comment.comment_text)
        })
        .collect();
    vec![
        ("Alarm", alarm.alarm_id.clone().unwrap_or_default()),
        ("Severity", alarm.perceived_severity.word().to_owned()),
        ("Cause", alarm.probable_cause.clone()),
        ("Problem", alarm.specific_problem.clone()),
        ("Object", alarm.object_instance.clone()),
        ("Seen", alarm.additional_text.clone()),
        ("What to do", alarm.proposed_repair_actions.clone()),
        ("Raised", alarm.alarm_raised_time.clone()),
        ("Cleared", by(&alarm.alarm_cleared_time, &alarm.clear_user_id)),
        (
            "Acknowledged",
            match alarm.ack_state {
                AckState::Acknowledged => by(&alarm.ack_time, &alarm.ack_user_id),
                AckState::Unacknowledged => "no".to_owned(),
            },
        ),
        ("Comments", comments.join("\n")),
    ]
}
