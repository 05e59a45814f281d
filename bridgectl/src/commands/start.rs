//! `start`: starts the workflow of an intent, once.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use bridge_client::model::StartAnswer;
use bridge_client::{Answer, Error, IntentKey};
use uuid::Uuid;
use workflow_api::{StartOverrides, StartRequest, Started};

use super::verbs::time;
use crate::exit::ended;
use crate::output::{note, warn};
use crate::progress;
use crate::run_name::Run;
use crate::session::{Session, path_of};
use crate::wait;

/// The parameters that all activities get.
const ALL: &str = "all-activities";

/// Start the workflow of an intent.
///
/// A start happens once: if the response is lost, the call is repeated with the same key.
#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    intent: String,
    /// A parameter that replaces the intent's, or comes in addition.
    #[arg(long = "param", short, value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// The activity that gets the parameters. Default: all.
    #[arg(long, default_value = ALL, hide_default_value = true)]
    activity: String,
    /// Another workflow ID than the intent's. It can have {{uuid}} and {{run}}.
    #[arg(long)]
    workflow_id: Option<String>,
    /// The key of the start: all starts with one key are one. Default: a new one.
    #[arg(long)]
    key: Option<String>,
    /// Wait for the end of the workflow. Exits with 6 if it does not complete, with 7 after the timeout.
    #[arg(long)]
    wait: bool,
    /// Wait, and show the events of the workflow meanwhile.
    #[arg(long)]
    follow: bool,
    /// How long to wait: 30s, 10m, 1h. Default: for ever.
    #[arg(long, value_name = "TIME", value_parser = time)]
    timeout: Option<Duration>,
    /// Print the request that the workflow client would get, and start nothing.
    #[arg(long)]
    dry_run: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Start {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let intent = ctl.intent(&self.intent)?;
        let request = self.request();
        if self.dry_run {
            let answer = ctl.bridge.start_intent(&intent, request.as_ref()).dry_run().await?;
            let Some(StartAnswer::Preview(preview)) = &answer.value else {
                return Err(ended(1, "the bridge has not returned the request"));
            };
            let sentence = format!("would send: {} {}", preview.method, preview.url);
            return ctl.out.report(answer.text(), &path_of(&intent), &sentence);
        }
        let key = self.key.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        let answer = once(ctl, &intent, request.as_ref(), &key).await?;
        warn(&answer.warnings());
        let Some(StartAnswer::Started(started)) = &answer.value else {
            return Err(ended(1, "the bridge has not returned what it has started"));
        };
        let Started { workflow_id, run_id, already_running } = started;
        let verb = if *already_running { "was running already" } else { "started" };
        let sentence = format!("workflow {workflow_id} {verb}, run {run_id}");
        if !self.wait && !self.follow {
            return ctl.out.report(answer.text(), workflow_id.as_str(), &sentence);
        }
        note(&sentence);
        let run = Run { intent, workflow_id: Some(workflow_id.to_string()), run_id: None };
        let status = match self.follow {
            true => follow(ctl, &run, self.timeout).await?,
            false => wait::until_closed(ctl, &run, self.timeout).await?,
        };
        let fields = wait::fields(&run.intent, &status.value);
        ctl.out.document(status.text(), status.value.workflow_id.as_str(), &fields)?;
        wait::completed(&status.value)
    }

    /// Returns the body, if the start does anything differently from its intent.
    fn request(&self) -> Option<StartRequest> {
        let params: BTreeMap<_, _> = self.params.iter().cloned().collect();
        if params.is_empty() && self.workflow_id.is_none() {
            return None;
        }
        let activity_params = match params.is_empty() {
            true => BTreeMap::new(),
            false => BTreeMap::from([(self.activity.clone(), params)]),
        };
        let workflow_id = self.workflow_id.clone().unwrap_or_default().into();
        let spec = StartOverrides { workflow_id, activity_params };
        Some(StartRequest { spec, ..StartRequest::default() })
    }
}

/// Starts, and repeats the call if its response is lost.
async fn once(
    ctl: &Session,
    intent: &IntentKey,
    request: Option<&StartRequest>,
    key: &str,
) -> Result<Answer<Option<StartAnswer>>> {
    let call = ctl.bridge.start_intent(intent, request).idempotency_key(key).representation();
    let first = call.clone().await;
    let answer = if let Err(Error::Interrupted { .. }) = first { call.await } else { first };
    if let Err(Error::Interrupted { .. } | Error::Refused { .. }) = &answer {
        note(&format!("to find out or try again without starting twice: --key {key}"));
    }
    Ok(answer?)
}

/// Shows the events until the workflow ends, and returns its status.
async fn follow(
    ctl: &Session,
    run: &Run,
    most: Option<Duration>,
) -> Result<Answer<workflow_api::WorkflowStatus>> {
    let events = run.set(ctl.bridge.intent_status(&run.intent)).events().await?;
    let followed = progress::beside(ctl, run, async |lines| {
        let show = |kind: &str, data: &str| {
            lines.print(&wait::event_line(kind, data));
            Ok(())
        };
        wait::follow(run, events, show).await
    });
    // The end of the time is found by the wait below.
    match most {
        Some(most) => drop(tokio::time::timeout(most, followed).await.ok().transpose()?),
        None => drop(followed.await?),
    }
    wait::until_closed(ctl, run, most.map(|_| Duration::ZERO)).await
}
