//! `runs`, `status` and `history`.

use std::time::Duration;

use anyhow::Result;
use bridge_client::model;
use serde_json::Value;
use workflow_api::WorkflowState;

use super::verbs::{Target, time};
use crate::output::{Format, Listing, everything, line};
use crate::session::Session;
use crate::wait;

/// List the starts of an intent, newest first.
#[derive(Debug, clap::Args)]
pub(crate) struct Runs {
    intent: String,
    /// The largest number of starts. Default: all.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
}

impl Runs {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let call = ctl.bridge.list_runs(&ctl.intent(&self.intent)?);
        let (runs, json) = match self.limit {
            Some(limit) => {
                let answer = call.limit(limit).await?;
                (answer.value.clone(), answer.into_text())
            }
            None => everything(call).await?,
        };
        let rows = runs.iter().map(row).collect();
        let header =
            &["WORKFLOW ID", "STATE", "STARTED", "BY", "NUMBER", "RUN ID", "REVISION", "KEY", "REASON"];
        ctl.out.list(&Listing { json, header, narrow: 5, rows })
    }
}

fn row(run: &model::Run) -> Vec<String> {
    let state = match (&run.workflow_state, &run.workflow_state_error) {
        (Some(state), _) => state.to_string(),
        (None, Some(error)) => error.clone(),
        (None, None) => run.outcome.clone(),
    };
    let run_id = run.current_run_id.as_ref().or(run.run_id.as_ref());
    vec![
        run.workflow_id.to_string(),
        state,
        run.started_at.clone(),
        run.started_by.clone(),
        run.number.to_string(),
        run_id.map(ToString::to_string).unwrap_or_default(),
        run.revision.to_string(),
        run.idempotency_key.clone(),
        run.reason.clone().unwrap_or_default(),
    ]
}

/// Show the status of a workflow: by default, of the intent's last start.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    target: Target,
    /// Follow the workflow to its end, with one line for each event.
    #[arg(long, short, conflicts_with = "wait")]
    watch: bool,
    /// Wait for its end. Exits with 6 if it does not complete, with 7 after the timeout.
    #[arg(long)]
    wait: bool,
    /// How long to wait: 30s, 10m, 1h. Default: for ever.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "wait")]
    timeout: Option<Duration>,
    /// Also the description that Temporal has.
    #[arg(long)]
    describe: bool,
    /// Also the result of this query.
    #[arg(long, value_name = "TYPE")]
    query: Option<String>,
}

impl Status {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        if self.watch {
            let events = run.set(ctl.bridge.intent_status(&run.intent)).events().await?;
            let form = ctl.out.0;
            let last = wait::follow(&run, events, |kind, data| match form {
                Format::Json | Format::Yaml => line(data),
                _ => line(&wait::event_line(kind, data)),
            });
            return wait::completed(&last.await?);
        }
        let answer = if self.wait {
            wait::until_closed(ctl, &run, self.timeout).await?
        } else {
            let mut call = run.set(ctl.bridge.intent_status(&run.intent));
            if self.describe {
                call = call.query("runDescribeWfExec", true);
            }
            let call = call.query_opt("queryType", self.query.as_ref());
            let answer = call.clone().await?;
            // The result, or the failure, comes only to those who wait; of an ended workflow, at once.
            match answer.value.workflow_state.is_some_and(WorkflowState::is_closed) {
                true => call.wait_for_result(Duration::from_secs(10)).await?,
                false => answer,
            }
        };
        let mut fields = wait::fields(&run.intent, &answer.value);
        if self.describe {
            fields.push(("Description", answer.value.workflow_execution_description.as_str().to_owned()));
        }
        ctl.out.document(answer.text(), answer.value.workflow_id.as_str(), &fields)?;
        if self.wait { wait::completed(&answer.value) } else { Ok(()) }
    }
}

/// Show the events of a workflow's run.
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    #[command(flatten)]
    target: Target,
    /// Only the newest events, this many, newest first.
    #[arg(long, value_name = "NUMBER")]
    last: Option<u32>,
}

impl History {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let run = self.target.run(ctl)?;
        let mut call = run.set(ctl.bridge.intent_status(&run.intent)).query("getWfHistory", true);
        if let Some(last) = self.last {
            call = call.query("historyPageSize", last).query("reverse", true);
        }
        // A long history takes a while.
        let answer = call.within(Duration::from_secs(600)).await?;
        let events = answer.value.workflow_history.iter().flatten();
        let cells = |event: &workflow_api::RawJson| {
            let event: Value = serde_json::from_str(event.as_str()).unwrap_or_default();
            wait::history_cells(&event).to_vec()
        };
        let rows = events.map(cells).collect();
        let json = answer.text().to_owned();
        ctl.out.list(&Listing { json, header: &["EVENT", "TIME", "TYPE", "NAME"], narrow: 4, rows })
    }
}
