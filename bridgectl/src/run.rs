//! Which command runs, and at which bridge.

use anyhow::Result;
use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::session::Session;

/// Runs the command.
pub(crate) async fn run(Cli { global, command }: Cli) -> Result<()> {
    let command = match command {
        // These need no bridge.
        Command::Context(command) => return command.run(global),
        Command::Explain(explain) => return explain.run(),
        Command::Completions(completions) => return completions.run(),
        Command::Man(man) => return man.run(Cli::command()),
        command => command,
    };
    let ctl = Session::open(global)?;
    match command {
        Command::Login(login) => login.run(&ctl).await,
        Command::Logout(logout) => logout.run(&ctl).await,
        Command::Apply(apply) => apply.run(&ctl).await,
        Command::Diff(files) => files.diff(&ctl).await,
        Command::Delete(delete) => delete.run(&ctl).await,
        Command::Edit(edit) => edit.run(&ctl).await,
        Command::Export(export) => export.run(&ctl).await,
        Command::Import(import) => import.run(&ctl).await,
        Command::Intent(command) => command.run(&ctl).await,
        Command::Start(start) => start.run(&ctl).await,
        Command::Runs(runs) => runs.run(&ctl).await,
        Command::Status(status) => status.run(&ctl).await,
        Command::History(history) => history.run(&ctl).await,
        Command::Query(query) => query.run(&ctl).await,
        Command::Signal(signal) => signal.run(&ctl).await,
        Command::Update(update) => update.run(&ctl).await,
        Command::Pause(pause) => pause.run(&ctl, true).await,
        Command::Unpause(pause) => pause.run(&ctl, false).await,
        Command::Cancel(cancel) => cancel.run(&ctl).await,
        Command::Terminate(terminate) => terminate.run(&ctl).await,
        Command::Reset(reset) => reset.run(&ctl).await,
        Command::Schedule(command) => command.run(&ctl).await,
        Command::Rule(command) => command.run(&ctl).await,
        Command::Alarm(command) => command.run(&ctl).await,
        Command::Audit(command) => command.run(&ctl).await,
        Command::Auth(command) => command.run(&ctl).await,
        Command::Explain(_) | Command::Context(_) | Command::Completions(_) | Command::Man(_) => Ok(()),
    }
}
