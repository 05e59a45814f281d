//! `auth` and `explain`.

use anyhow::Result;
use bridge_client::model::Right;

use crate::exit::ended;
use crate::output::{Listing, line};
use crate::session::Session;

/// The pages that explain codes and causes, word for word.
const API: &str = include_str!("../../../docs/api.md");
const ALARMS: &str = include_str!("../../../docs/alarms.md");

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show who you are.
    Whoami,
    /// Show whether you may do something, and why. Exits with 0 if you may, else with 5. Without a verb, list all.
    CanI {
        /// Such as `start`, `cancel`, `get`.
        verb: Option<String>,
        /// A project, project/app/version/group, project/app/version/group/intent, or ** for everything. Default:
        /// --group.
        scope: Option<String>,
    },
}

impl Command {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        match self {
            Self::Whoami => whoami(ctl).await,
            Self::CanI { verb, scope } => {
                let scope = ctl.scope(scope.as_deref());
                let call = ctl.bridge.my_rights().query("scope", scope).query_opt("verb", verb.as_ref());
                let answer = call.await?;
                let rights = answer.value.list();
                let rows = rights.iter().map(row).collect();
                let denied = rights.iter().any(|right| !right.allowed);
                let header = &["VERB", "ALLOWED", "WHY"];
                ctl.out.list(&Listing { json: answer.text().to_owned(), header, narrow: 3, rows })?;
                // The table has the reason.
                if verb.is_some() && denied { Err(ended(5, "")) } else { Ok(()) }
            }
        }
    }
}

fn row(right: &Right) -> Vec<String> {
    let why = match (&right.by, &right.reason) {
        (Some(by), _) => format!("the binding `{}` gives the role {}", by.binding, by.role),
        (None, Some(reason)) => reason.clone(),
        (None, None) => String::new(),
    };
    vec![right.verb.clone(), if right.allowed { "yes" } else { "no" }.to_owned(), why]
}

async fn whoami(ctl: &Session) -> Result<()> {
    let answer = ctl.bridge.my_session().await?;
    let session = &answer.value;
    let fields = [
        ("Name", session.name.clone()),
        ("Proven by", session.kind.clone()),
        ("Issuer", session.issuer.clone()),
        ("Groups", session.groups.join(", ")),
        ("Until", session.expires.clone().unwrap_or_default()),
    ];
    ctl.out.document(answer.text(), &session.name, &fields)
}

/// Show what a problem's code or an alarm's cause means, and what to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// Such as `no_such_intent`, or `workflowStuck`.
    code: String,
}

impl Explain {
    pub(crate) fn run(self) -> Result<()> {
        let code = &self.code;
        if let Some([status, action]) = cells(API, code) {
            line(&format!("{code} (HTTP {status})"))?;
            return line(&format!("What to do: {action}"));
        }
        if let Some([kind, severity, meaning, repair]) = cells(ALARMS, code) {
            line(&format!("{code} ({severity}, {kind})"))?;
            line(meaning)?;
            return line(&format!("What to do: {repair}"));
        }
        Err(ended(3, format!("`{code}` is neither a code of a problem nor a cause of an alarm")))
    }
}

/// Returns the other cells of the row of a page's table that begins with a code.
fn cells<'a, const N: usize>(page: &'a str, code: &str) -> Option<[&'a str; N]> {
    let begin = format!("| `{code}` |");
    let mut rows = page.lines().filter_map(|row| row.strip_prefix(&begin)?.trim().strip_suffix('|'));
    rows.find_map(|row| row.split('|').map(str::trim).collect::<Vec<_>>().try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_causes_are_found_in_the_pages() {
        let [status, action] = cells(API, "no_such_intent").unwrap();
        assert_eq!((status, action), ("404", "look at the list of the group"));
        let [_, severity, ..]: [&str; 4] = cells(ALARMS, "noWorker").unwrap();
        assert_eq!(severity, "CRITICAL");
        assert_eq!(cells::<2>(API, "no_such_code"), None);
    }
}
