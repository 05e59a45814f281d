//! `intent`: show, delete and check intents, and go back to earlier revisions.

use std::collections::BTreeMap;

use anyhow::Result;
use bridge_client::IntentKey;
use bridge_client::model::Change;
use workflow_api::{ClientStanding, MessageEntry, RollbackRequest, RollbackSpec, WorkflowIntent};

use crate::exit::ended;
use crate::output::{Listing, array, everything, warn};
use crate::session::{Session, confirm, path_of};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show intents: those that are named, or all of the group.
    Get(Get),
    /// Delete intents. Their runs continue.
    Delete {
        #[arg(required = true)]
        names: Vec<String>,
        /// Validate only: the bridge changes nothing.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask at a terminal.
        #[arg(long, short)]
        yes: bool,
    },
    /// Ask the workflow client whether it accepts an intent. Exits with 1 if it does not.
    Check { name: String },
    /// List the changes of an intent, newest first.
    History { name: String },
    /// Make an earlier revision the newest.
    Rollback {
        name: String,
        /// The revision, as `history` lists it. Default: the one before the newest.
        #[arg(long)]
        to: Option<i64>,
        /// Validate only: the bridge changes nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// An intent must meet all that are given.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    names: Vec<String>,
    /// This revision of the one intent.
    #[arg(long)]
    revision: Option<i64>,
    /// Only intents whose last run is in this state: Running, Failed, …
    #[arg(long)]
    state: Option<String>,
    /// Only intents with this workflow client.
    #[arg(long)]
    client: Option<String>,
    /// Only intents with this task queue.
    #[arg(long)]
    queue: Option<String>,
    /// Only intents whose last run is of this workflow type.
    #[arg(long = "type")]
    workflow_type: Option<String>,
    /// Only intents of which this is the result of a check now: Accepted, Drifted or Unknown.
    #[arg(long)]
    check: Option<String>,
}

impl Command {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        match self {
            Self::Get(get) => get.run(ctl).await,
            Self::Delete { names, dry_run, yes } => {
                let keys = names.iter().map(|name| ctl.intent(name)).collect::<Result<Vec<_>>>()?;
                let paths: Vec<_> = keys.iter().map(path_of).collect();
                confirm(yes || dry_run, &format!("delete {}?", paths.join(", ")))?;
                for (key, path) in keys.iter().zip(&paths) {
                    let call = ctl.bridge.delete_intent(key);
                    if dry_run { call.dry_run() } else { call }.await?;
                    let dry = if dry_run { " (server dry run)" } else { "" };
                    ctl.out.done(path, &format!("intent {path} deleted{dry}"))?;
                }
                Ok(())
            }
            Self::Check { name } => check(ctl, &ctl.intent(&name)?).await,
            Self::History { name } => {
                let (changes, json) = everything(ctl.bridge.list_revisions(&ctl.intent(&name)?)).await?;
                ctl.out.list(&history(&changes, json))
            }
            Self::Rollback { name, to, dry_run } => rollback(ctl, &ctl.intent(&name)?, to, dry_run).await,
        }
    }
}

/// Returns the changes of a document as a list.
pub(crate) fn history(changes: &[Change], json: String) -> Listing {
    let row = |change: &Change| {
        let back = change.rolled_back_to.map(|to| format!("to {to}")).unwrap_or_default();
        let change = change.clone();
        vec![change.revision.to_string(), change.action, change.changed_at, change.changed_by, back]
    };
    let rows = changes.iter().map(row).collect();
    Listing { json, header: &["REVISION", "ACTION", "TIME", "BY", "NOTE"], narrow: 5, rows }
}

impl Get {
    async fn run(self, ctl: &Session) -> Result<()> {
        let (intents, json) = match (self.names.as_slice(), self.revision) {
            ([], None) => self.list(ctl).await?,
            ([name], Some(revision)) => {
                let answer = ctl.bridge.get_revision(&ctl.intent(name)?, &revision).await?;
                let json = answer.text().to_owned();
                (answer.value.intent.into_iter().collect(), json)
            }
            (_, Some(_)) => return Err(ended(2, "--revision is for one intent: name it")),
            (names, None) => {
                let (mut intents, mut texts) = (Vec::new(), Vec::new());
                for name in names {
                    let answer = ctl.bridge.get_intent(&ctl.intent(name)?).await?;
                    texts.push(answer.text().to_owned());
                    intents.push(answer.value);
                }
                (intents, if texts.len() == 1 { texts.remove(0) } else { array(&texts) })
            }
        };
        let rows = intents.iter().map(row).collect();
        let header = &["NAME", "CLIENT", "WORKFLOW ID", "QUEUE", "ENDPOINT", "DESCRIPTION"];
        ctl.out.list(&Listing { json, header, narrow: 4, rows })
    }

    async fn list(&self, ctl: &Session) -> Result<(Vec<WorkflowIntent>, String)> {
        let call = ctl.bridge.list_intents(ctl.group()?);
        let call = call
            .query_opt("state", self.state.as_ref())
            .query_opt("workflowClientName", self.client.as_ref())
            .query_opt("taskQueue", self.queue.as_ref())
            .query_opt("workflowType", self.workflow_type.as_ref())
            .query_opt("clientCheck", self.check.as_ref());
        everything(call).await
    }
}

fn row(intent: &WorkflowIntent) -> Vec<String> {
    let temporal = &intent.spec.temporal;
    let client = &intent.spec.workflow_client;
    vec![
        intent.metadata.name.clone(),
        temporal.workflow_client_name.clone(),
        temporal.workflow_start_options.id.to_string(),
        temporal.workflow_start_options.task_queue.to_string(),
        format!("{}:{}", client.client_endpoint_name, client.client_endpoint_port),
        intent.metadata.description.clone(),
    ]
}

async fn check(ctl: &Session, key: &IntentKey) -> Result<()> {
    let answer = ctl.bridge.check_intent(key).await?;
    let check = &answer.value;
    let faults: Vec<_> = check.faults.iter().map(ToString::to_string).collect();
    let client = check.client.as_ref();
    let fields = [
        ("Intent", path_of(key)),
        ("Result", format!("{:?}", check.standing)),
        ("Faults", faults.join("\n")),
        ("Reason", check.reason.clone().unwrap_or_default()),
        ("Workflow type", client.map(|client| client.workflow_type.to_string()).unwrap_or_default()),
        ("Signals", names(client.and_then(|client| client.signals.as_ref()))),
        ("Updates", names(client.and_then(|client| client.updates.as_ref()))),
        ("Queries", names(client.and_then(|client| client.queries.as_ref()))),
    ];
    ctl.out.document(answer.text(), &path_of(key), &fields)?;
    match check.standing {
        ClientStanding::Drifted => Err(ended(1, "the workflow client does not accept the intent")),
        ClientStanding::Accepted | ClientStanding::Unknown => Ok(()),
    }
}

/// Returns the names of messages; nothing if the client declares none of the kind.
fn names(messages: Option<&BTreeMap<String, MessageEntry>>) -> String {
    messages.map(|messages| messages.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default()
}

async fn rollback(ctl: &Session, key: &IntentKey, to: Option<i64>, dry_run: bool) -> Result<()> {
    let revision = match to {
        Some(revision) => revision,
        None => match ctl.bridge.list_revisions(key).limit(2).await?.value.as_slice() {
            [_, before] => before.revision,
            _ => return Err(ended(1, "there is no earlier revision")),
        },
    };
    let spec = RollbackSpec { revision: Some(revision.into()) };
    let call = ctl.bridge.roll_back_intent(key, &RollbackRequest { spec, ..RollbackRequest::default() });
    let answer = if dry_run { call.dry_run() } else { call }.await?;
    warn(&answer.warnings());
    let path = path_of(key);
    let dry = if dry_run { " (server dry run)" } else { "" };
    ctl.out.report(answer.text(), &path, &format!("intent {path} is as in revision {revision}{dry}"))
}
