//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    alarms, audit, auth, changes, context, edit, export, import, intents, login, rules, runs, schedules,
    shell, start, verbs,
};
use crate::config::Global;
use crate::exit;

/// Manages workflow intents of EMCO, and the workflows that were started from them.
///
/// An intent is named alone, if there is a --group, or as project/app/version/group/intent.
#[derive(Debug, Parser)]
#[command(name = "bridgectl", version, after_help = exit::CODES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create or replace what files describe: intents, schedules, rules.
    Apply(changes::Apply),
    /// Show what `apply` would change. Exits with 0 if nothing, 1 if something, above 1 after an error.
    Diff(changes::Files),
    /// Delete what files describe.
    Delete(changes::Delete),
    /// Change an intent in your editor.
    Edit(edit::Edit),
    /// Print everything of a project, for `import` and `apply -f`.
    Export(export::Export),
    /// Create or replace what an export has, or the intents of EMCO's workflowmgr, and report on each.
    Import(import::Import),
    /// Show, delete and check intents, and go back to earlier revisions.
    #[command(subcommand)]
    Intent(intents::Command),
    /// Start the workflow of an intent.
    Start(start::Start),
    /// List the starts of an intent, newest first, each with the state of its run now.
    Runs(runs::Runs),
    /// Show the status of a workflow.
    Status(runs::Status),
    /// Show the events of a workflow's run.
    History(runs::History),
    /// Query a workflow, without any change.
    Query(verbs::Query),
    /// Send a signal to a workflow.
    Signal(verbs::Signal),
    /// Send an update to a workflow, and print its result.
    Update(verbs::Update),
    /// Pause a workflow, without ending it.
    Pause(verbs::Pause),
    /// Let a paused workflow continue.
    Unpause(verbs::Pause),
    /// Ask a workflow to end after a clean-up.
    Cancel(verbs::Cancel),
    /// End a workflow at once, without a clean-up.
    Terminate(verbs::Terminate),
    /// Run a workflow again from a point of its history.
    Reset(verbs::Reset),
    /// Show and control schedules, which start intents by themselves.
    #[command(subcommand)]
    Schedule(schedules::Command),
    /// Show and rehearse rules: what the bridge does by itself about what it sees.
    #[command(subcommand)]
    Rule(rules::Command),
    /// Show and settle alarms.
    #[command(subcommand)]
    Alarm(alarms::Command),
    /// Show who did what.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Show who you are, and what you may do.
    #[command(subcommand)]
    Auth(auth::Command),
    /// Show what a problem's code or an alarm's cause means, and what to do.
    Explain(auth::Explain),
    /// Log in at the issuer of the context, with a browser.
    Login(login::Login),
    /// Forget the login.
    Logout(login::Logout),
    /// Choose the bridge.
    #[command(subcommand)]
    Context(context::Command),
    /// Print the completions for a shell, with live names.
    Completions(shell::Completions),
    /// Write the man pages to a folder.
    Man(shell::Man),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
