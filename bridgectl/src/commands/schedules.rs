//! `schedule`: shows and controls schedules. `apply -f` makes them.

use anyhow::Result;
use bridge_client::IntentKey;
use jiff::Timestamp;
use workflow_api::{
    BackfillRequest, BackfillSpec, Overlap, Schedule, ScheduleNote, ScheduleNoteRequest, ScheduleStatus,
};

use super::intents::history;
use crate::exit::ended;
use crate::output::{Listing, array, everything};
use crate::session::{Session, confirm, path_of};

/// A schedule of an intent.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    intent: String,
    schedule: String,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show schedules of an intent: those that are named, or all.
    Get { intent: String, names: Vec<String> },
    /// Delete a schedule. Runs that it started continue.
    Delete {
        #[command(flatten)]
        target: Target,
        /// Do not ask at a terminal.
        #[arg(long, short)]
        yes: bool,
    },
    /// Show what a schedule has done, and will do.
    Status(Target),
    /// List the next times of a schedule.
    Preview {
        #[command(flatten)]
        target: Target,
        /// From this time on (RFC 3339). Default: now.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// The largest number of times.
        #[arg(long, default_value_t = 10)]
        limit: u32,
    },
    /// Start nothing until the schedule is resumed.
    Pause {
        #[command(flatten)]
        target: Target,
        /// Why; the status shows it.
        #[arg(long, short)]
        reason: Option<String>,
    },
    /// Let a paused schedule continue.
    Resume {
        #[command(flatten)]
        target: Target,
        /// Why; the status shows it.
        #[arg(long, short)]
        reason: Option<String>,
    },
    /// Start the intent now, as the schedule would.
    Trigger {
        #[command(flatten)]
        target: Target,
        /// All triggers with one key are one.
        #[arg(long)]
        key: Option<String>,
    },
    /// Start the intent for past times.
    Backfill {
        #[command(flatten)]
        target: Target,
        /// The first time (RFC 3339).
        #[arg(long, value_name = "TIME")]
        from: Timestamp,
        /// The last time (RFC 3339).
        #[arg(long, value_name = "TIME")]
        to: Timestamp,
        /// What to do at a time when the last run has not ended: as `overlap` of a schedule. Default: that of the
        /// schedule.
        #[arg(long)]
        overlap: Option<String>,
        /// All backfills with one key are one.
        #[arg(long)]
        key: Option<String>,
    },
    /// List the changes of a schedule, newest first.
    History(Target),
}

impl Command {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let bridge = &ctl.bridge;
        match self {
            Self::Get { intent, names } => get(ctl, &ctl.intent(&intent)?, &names).await,
            Self::Delete { target, yes } => {
                let (key, name) = target.key(ctl)?;
                confirm(yes, &format!("delete the schedule {name}?"))?;
                bridge.delete_schedule(&key, &name).await?;
                ctl.out.done(&name, &format!("schedule {name} deleted"))
            }
            Self::Status(target) => {
                let (key, name) = target.key(ctl)?;
                let answer = bridge.schedule_status(&key, &name).await?;
                ctl.out.document(answer.text(), &name, &fields(&key, &name, &answer.value))
            }
            Self::Preview { target, from, limit } => {
                let (key, name) = target.key(ctl)?;
                let call = bridge.preview_schedule(&key, &name).query_opt("from", from).limit(limit);
                let answer = call.await?;
                let rows = answer.value.iter().map(|time| vec![time.to_string()]).collect();
                let json = answer.into_text();
                ctl.out.list(&Listing { json, header: &["TIME"], narrow: 1, rows })
            }
            Self::Pause { target, reason } => {
                let (key, name) = target.key(ctl)?;
                bridge.pause_schedule(&key, &name, note(reason).as_ref()).await?;
                ctl.out.done(&name, &format!("schedule {name} is paused"))
            }
            Self::Resume { target, reason } => {
                let (key, name) = target.key(ctl)?;
                bridge.resume_schedule(&key, &name, note(reason).as_ref()).await?;
                ctl.out.done(&name, &format!("schedule {name} continues"))
            }
            Self::Trigger { target, key } => {
                let (intent, name) = target.key(ctl)?;
                let call = bridge.trigger_schedule(&intent, &name);
                if let Some(key) = key { call.idempotency_key(&key) } else { call }.await?;
                ctl.out.done(&name, &format!("schedule {name} triggered"))
            }
            Self::Backfill { target, from, to, overlap, key } => {
                let (intent, name) = target.key(ctl)?;
                let request = backfill(from, to, overlap)?;
                let call = bridge.backfill_schedule(&intent, &name, &request);
                if let Some(key) = key { call.idempotency_key(&key) } else { call }.await?;
                ctl.out.done(&name, &format!("schedule {name} makes up for past times"))
            }
            Self::History(target) => {
                let (key, name) = target.key(ctl)?;
                let (changes, json) = everything(bridge.list_schedule_revisions(&key, &name)).await?;
                ctl.out.list(&history(&changes, json))
            }
        }
    }
}

impl Target {
    fn key(&self, ctl: &Session) -> Result<(IntentKey, String)> {
        Ok((ctl.intent(&self.intent)?, self.schedule.clone()))
    }
}

fn note(reason: Option<String>) -> Option<ScheduleNoteRequest> {
    reason.map(|note| ScheduleNoteRequest { spec: ScheduleNote { note }, ..ScheduleNoteRequest::default() })
}

fn backfill(from: Timestamp, to: Timestamp, overlap: Option<String>) -> Result<BackfillRequest> {
    let wrong = |_| ended(2, "--overlap is not a policy of schedules, such as AllowAll or BufferAll");
    let read = |word: String| serde_json::from_value::<Overlap>(word.into()).map_err(wrong);
    let overlap = overlap.map(read).transpose()?;
    Ok(BackfillRequest {
        spec: BackfillSpec { from: Some(from), to: Some(to), overlap },
        ..BackfillRequest::default()
    })
}

async fn get(ctl: &Session, key: &IntentKey, names: &[String]) -> Result<()> {
    let (schedules, json) = if names.is_empty() {
        let answer = ctl.bridge.list_schedules(key).await?;
        (answer.value.clone(), answer.into_text())
    } else {
        let (mut schedules, mut texts) = (Vec::new(), Vec::new());
        for name in names {
            let answer = ctl.bridge.get_schedule(key, name).await?;
            texts.push(answer.text().to_owned());
            schedules.push(answer.value);
        }
        (schedules, if texts.len() == 1 { texts.remove(0) } else { array(&texts) })
    };
    let rows = schedules.iter().map(row).collect();
    let header = &["NAME", "CRONS", "INTERVALS", "CALENDARS", "TIME ZONE", "OVERLAP", "DESCRIPTION"];
    ctl.out.list(&Listing { json, header, narrow: 5, rows })
}

fn row(schedule: &Schedule) -> Vec<String> {
    let spec = &schedule.spec;
    let intervals =
        spec.intervals.iter().map(|times| format!("{:?}", times.every.to_duration().unwrap_or_default()));
    vec![
        schedule.metadata.name.clone(),
        spec.crons.join("; "),
        intervals.collect::<Vec<_>>().join("; "),
        spec.calendars.len().to_string(),
        spec.time_zone.clone(),
        format!("{:?}", spec.overlap),
        schedule.metadata.description.clone(),
    ]
}

fn fields(key: &IntentKey, name: &str, status: &ScheduleStatus) -> Vec<(&'static str, String)> {
    let times: Vec<_> = status.next_times.iter().take(5).map(ToString::to_string).collect();
    let start = |start: &workflow_api::ScheduledStart| {
        let state = start.state.map(|state| state.to_string()).unwrap_or_default();
        format!("{}  {}  {state}", start.time, start.workflow_id).trim_end().to_owned()
    };
    let starts: Vec<_> = status.recent_starts.iter().map(start).collect();
    let counts = [
        ("started", status.started),
        ("missed", status.missed),
        ("skipped", status.skipped),
        ("dropped", status.dropped),
        ("waiting", status.waiting),
    ];
    let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let state = match (status.present, status.paused) {
        (false, _) => "not in Temporal",
        (true, true) => "Paused",
        (true, false) => "active",
    };
    vec![
        ("Schedule", format!("{}/{name}", path_of(key))),
        ("Revision", status.revision.to_string()),
        ("State", state.to_owned()),
        ("Note", status.note.clone()),
        ("Next", times.join("\n")),
        ("Last", starts.join("\n")),
        ("Times", counts.join(", ")),
        ("Starts left", status.starts_left.map(|left| left.to_string()).unwrap_or_default()),
    ]
}
