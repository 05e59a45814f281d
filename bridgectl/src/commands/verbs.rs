//! What is done to a workflow: query, signal, update, pause, cancel, terminate, reset.

use std::time::Duration;

use anyhow::Result;
use bridge_client::StatusCode;
use serde_json::value::RawValue;
use workflow_api::{
    CancelRequest, CancelSpec, Nanos, PauseRequest, PauseSpec, QueryRequest, QuerySpec, RawJson,
    ResetRequest, ResetSpec, SignalRequest, SignalSpec, StopReport, TerminateRequest, TerminateSpec,
    UpdateRequest, UpdateSpec,
};

use crate::exit::ended;
use crate::run_name::Run;
use crate::session::{Session, confirm, path_of};

/// The workflow: by default, that of the intent's last start.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    intent: String,
    /// Another workflow of the intent.
    #[arg(long)]
    workflow_id: Option<String>,
    /// This run of the workflow.
    #[arg(long)]
    run_id: Option<String>,
}

impl Target {
    pub(crate) fn run(&self, ctl: &Session) -> Result<Run> {
        let (workflow_id, run_id) = (self.workflow_id.clone(), self.run_id.clone());
        Ok(Run { intent: ctl.intent(&self.intent)?, workflow_id, run_id })
    }

    fn name(&self) -> &str {
        self.workflow_id.as_ref().unwrap_or(&self.intent)
    }
}

/// Reads a duration: 30s, 10m, 1h30m.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let nanos: Nanos = text.parse().map_err(|error: workflow_api::DurationError| error.to_string())?;
    nanos.to_duration().ok_or_else(|| format!("`{text}` is not a time to wait: write 30s, 10m or 1h"))
}

/// Reads an argument: JSON, or else a text.
fn argument(text: &str) -> Result<RawJson, serde_json::Error> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => RawJson::from_json(text.as_bytes().to_vec()),
        Err(_) => RawJson::of(text),
    }
}

/// Query a workflow, without any change. Prints the result.
#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    #[command(flatten)]
    target: Target,
    /// The type of the query.
    #[arg(value_name = "TYPE")]
    query_type: String,
    /// Its arguments: JSON; what is not JSON is a text.
    #[arg(value_parser = argument, allow_negative_numbers = true)]
    args: Vec<RawJson>,
    /// Send it also if the workflow client does not declare it.
    #[arg(long)]
    unchecked: bool,
}

impl Query {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        let spec = QuerySpec { query_type: self.query_type, args: self.args, ..QuerySpec::default() };
        let request = QueryRequest { spec, ..QueryRequest::default() };
        let call = run.set(ctl.bridge.query_workflow(&run.intent, &request));
        let answer = if self.unchecked { call.unchecked() } else { call }.await?;
        let fields = [("Result", answer.value.result.as_str().to_owned())];
        ctl.out.document(answer.text(), answer.value.workflow_id.as_str(), &fields)
    }
}

/// Send a signal to a workflow.
#[derive(Debug, clap::Args)]
pub(crate) struct Signal {
    #[command(flatten)]
    target: Target,
    name: String,
    /// Its arguments: JSON; what is not JSON is a text.
    #[arg(value_parser = argument, allow_negative_numbers = true)]
    args: Vec<RawJson>,
    /// Send it also if the workflow client does not declare it.
    #[arg(long)]
    unchecked: bool,
    /// All signals with one key are one.
    #[arg(long)]
    key: Option<String>,
}

impl Signal {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        let spec = SignalSpec { name: self.name.clone(), args: self.args, ..SignalSpec::default() };
        let request = SignalRequest { spec, ..SignalRequest::default() };
        let mut call = run.set(ctl.bridge.signal_workflow(&run.intent, &request));
        if let Some(key) = &self.key {
            call = call.idempotency_key(key);
        }
        if self.unchecked { call.unchecked() } else { call }.await?;
        ctl.out.done(self.target.name(), &format!("signal {} sent to {}", self.name, self.target.name()))
    }
}

/// Send an update to a workflow, and print its result.
#[derive(Debug, clap::Args)]
pub(crate) struct Update {
    #[command(flatten)]
    target: Target,
    name: String,
    /// Its arguments: JSON; what is not JSON is a text.
    #[arg(value_parser = argument, allow_negative_numbers = true)]
    args: Vec<RawJson>,
    /// Send it also if the workflow client does not declare it.
    #[arg(long)]
    unchecked: bool,
    /// All updates with one ID are one. Default: a new one.
    #[arg(long)]
    id: Option<String>,
    /// How long to wait for the result: 10s, 1m. Exits with 7 if it has not come.
    #[arg(long, value_name = "TIME", value_parser = time)]
    wait: Option<Duration>,
}

impl Update {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        let update_id = self.id.unwrap_or_default();
        let spec = UpdateSpec { name: self.name, args: self.args, update_id, ..UpdateSpec::default() };
        let request = UpdateRequest { spec, ..UpdateRequest::default() };
        let mut call = run.set(ctl.bridge.update_workflow(&run.intent, &request));
        if let Some(wait) = self.wait {
            call = call.wait(wait);
        }
        let answer = if self.unchecked { call.unchecked() } else { call }.await?;
        let update = &answer.value;
        let result = update.result.as_ref().map(|result| result.as_str().to_owned()).unwrap_or_default();
        let fields = [
            ("Update", update.update_id.clone()),
            ("Stage", format!("{:?}", update.stage)),
            ("Result", result),
        ];
        ctl.out.document(answer.text(), &update.update_id, &fields)?;
        match answer.status {
            StatusCode::ACCEPTED => {
                Err(ended(7, format!("accepted; repeat with --id {} for the result", update.update_id)))
            }
            _ => Ok(()),
        }
    }
}

/// Pause a workflow, or let it continue.
#[derive(Debug, clap::Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    target: Target,
    /// Why; kept in the history.
    #[arg(long, short)]
    reason: Option<String>,
}

impl Pause {
    pub(crate) async fn run(self, ctl: &Session, pause: bool) -> Result<()> {
        let run = self.target.run(ctl)?;
        let spec = PauseSpec { reason: self.reason.unwrap_or_default(), ..PauseSpec::default() };
        let request = PauseRequest { spec, ..PauseRequest::default() };
        let call = match pause {
            true => ctl.bridge.pause_workflow(&run.intent, Some(&request)),
            false => ctl.bridge.unpause_workflow(&run.intent, Some(&request)),
        };
        run.set(call).await?;
        let verb = if pause { "is paused" } else { "continues" };
        ctl.out.done(self.target.name(), &format!("{} {verb}", self.target.name()))
    }
}

/// Ask a workflow to end after a clean-up.
#[derive(Debug, clap::Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    target: Target,
    /// Why; kept in the history.
    #[arg(long, short)]
    reason: Option<String>,
    /// Wait for its end: 30s, 10m. Exits with 7 if it has not ended then.
    #[arg(long, value_name = "TIME", value_parser = time)]
    wait: Option<Duration>,
    /// Terminate it if it has not ended after this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    escalate_after: Option<Duration>,
}

impl Cancel {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        let escalate_after = self.escalate_after.map(Nanos::try_from).transpose()?.unwrap_or_default();
        let reason = self.reason.unwrap_or_default();
        let spec = CancelSpec { reason, escalate_after, ..CancelSpec::default() };
        let request = CancelRequest { spec, ..CancelRequest::default() };
        let mut call = run.set(ctl.bridge.cancel_workflow(&run.intent, &request)).representation();
        if let Some(wait) = self.wait {
            call = call.wait(wait);
        }
        let answer = call.await?;
        stopped(ctl, &run, answer.value.as_ref(), answer.text())?;
        match answer.value {
            Some(report) if self.wait.is_some() && !report.stopped => {
                Err(ended(7, "the workflow has not ended yet"))
            }
            _ => Ok(()),
        }
    }
}

/// End a workflow at once, without a clean-up.
#[derive(Debug, clap::Args)]
pub(crate) struct Terminate {
    #[command(flatten)]
    target: Target,
    /// Why; kept in the history.
    #[arg(long, short)]
    reason: Option<String>,
    /// Do not ask at a terminal.
    #[arg(long, short)]
    yes: bool,
}

impl Terminate {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        let question = format!("terminate {}? It cannot clean up; `cancel` lets it.", self.target.name());
        confirm(self.yes, &question)?;
        let spec = TerminateSpec { reason: self.reason.unwrap_or_default(), ..TerminateSpec::default() };
        let request = TerminateRequest { spec, ..TerminateRequest::default() };
        let call = run.set(ctl.bridge.terminate_workflow(&run.intent, &request)).representation();
        let answer = call.await?;
        stopped(ctl, &run, answer.value.as_ref(), answer.text())
    }
}

/// Prints what has become of a workflow.
fn stopped(ctl: &Session, run: &Run, report: Option<&StopReport>, json: &str) -> Result<()> {
    let Some(report) = report else { return Ok(()) };
    let pending: Vec<_> = report
        .pending_activities
        .iter()
        .map(|activity| format!("{} (attempt {})", activity.activity_type, activity.attempt))
        .collect();
    let fields = [
        ("Intent", path_of(&run.intent)),
        ("Workflow", report.workflow_id.to_string()),
        ("State", report.workflow_state.to_string()),
        ("Stopped", if report.stopped { "yes" } else { "not yet" }.to_owned()),
        ("Waits for", pending.join("\n")),
    ];
    ctl.out.document(json, report.workflow_id.as_str(), &fields)
}

/// Run a workflow again from a point of its history, as a new run.
#[derive(Debug, clap::Args)]
pub(crate) struct Reset {
    #[command(flatten)]
    target: Target,
    /// From the first or the last workflow task on.
    #[arg(long, value_enum, required_unless_present = "event", conflicts_with = "event")]
    to: Option<Point>,
    /// From this event on: one that ended a workflow task, as `history` shows it.
    #[arg(long, value_name = "NUMBER")]
    event: Option<i64>,
    /// Why; kept in the history.
    #[arg(long, short)]
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Point {
    First,
    Last,
}

impl Reset {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        let to = match self.to {
            Some(Point::First) => "FirstWorkflowTask",
            Some(Point::Last) => "LastWorkflowTask",
            None => "",
        };
        let (event_id, reason) = (self.event.unwrap_or_default(), self.reason.unwrap_or_default());
        let spec = ResetSpec { to: to.to_owned(), event_id, reason, ..ResetSpec::default() };
        let request = ResetRequest { spec, ..ResetRequest::default() };
        let answer = run.set(ctl.bridge.reset_workflow(&run.intent, &request)).await?;
        let done = format!("workflow {} runs again, run {}", answer.value.workflow_id, answer.value.run_id);
        ctl.out.report(answer.text(), answer.value.run_id.as_str(), &done)
    }
}
