//! `audit`: who did what.

use anyhow::Result;
use bridge_client::Call;
use bridge_client::model::AuditEvent;

use super::verify::Verification;
use crate::output::{Listing, line};
use crate::session::Session;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List events, newest first.
    List {
        #[command(flatten)]
        filter: Filter,
        /// The largest number of events.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Verify that the audit is as it was written.
    Verify(Verification),
    /// Print all events as JSON, one in each line, newest first.
    Export {
        #[command(flatten)]
        filter: Filter,
    },
}

/// An event must meet all that are given.
#[derive(Debug, clap::Args)]
pub(crate) struct Filter {
    /// Only events of this caller.
    #[arg(long)]
    actor: Option<String>,
    /// Only this action, such as `start`.
    #[arg(long)]
    verb: Option<String>,
    /// Only events about this object, or about what is in it: project/app/version/group/intent, or the beginning of
    /// it.
    #[arg(long)]
    object: Option<String>,
    /// Only events with this outcome: pending, allowed, denied, succeeded, failed or unknown.
    #[arg(long)]
    outcome: Option<String>,
    /// Only events of this time or later (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only events before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Filter {
    fn set<T>(&self, call: Call<T>) -> Call<T> {
        call.query_opt("actor", self.actor.as_ref())
            .query_opt("verb", self.verb.as_ref())
            .query_opt("object", self.object.as_ref())
            .query_opt("outcome", self.outcome.as_ref())
            .query_opt("since", self.since.as_ref())
            .query_opt("until", self.until.as_ref())
    }
}

impl Command {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        match self {
            Self::List { filter, limit } => {
                let answer = filter.set(ctl.bridge.list_events()).limit(limit).await?;
                let rows = answer.value.iter().map(row).collect();
                let json = answer.into_text();
                let header =
                    &["NUMBER", "TIME", "ACTOR", "VERB", "OBJECT", "OUTCOME", "REASON", "ADDRESS", "REQUEST"];
                ctl.out.list(&Listing { json, header, narrow: 6, rows })
            }
            Self::Verify(verification) => verification.run(ctl).await,
            Self::Export { filter } => {
                let call = filter.set(ctl.bridge.list_events()).limit(1000);
                // As they were sent: also fields that this version does not know.
                let mut pages = call.read_as::<Vec<Box<serde_json::value::RawValue>>>().pages();
                while let Some(page) = pages.next().await? {
                    page.value.iter().try_for_each(|event| line(event.get()))?;
                }
                Ok(())
            }
        }
    }
}

fn row(event: &AuditEvent) -> Vec<String> {
    let actor = if event.actor.name.is_empty() { &event.actor.kind } else { &event.actor.name };
    vec![
        event.number.to_string(),
        event.at.clone(),
        actor.clone(),
        event.verb.clone(),
        event.object.path(),
        event.outcome.clone(),
        event.reason.clone().unwrap_or_default(),
        event.source.address.clone(),
        event.request_id.clone(),
    ]
}
