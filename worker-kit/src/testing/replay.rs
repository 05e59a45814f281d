//! Recorded histories, replayed with the current code.

use std::fs;
use std::path::{Path, PathBuf};

use temporalio_common::WorkflowDefinition;
use temporalio_sdk::workflow_replayer::{WorkflowReplayError, WorkflowReplayer, WorkflowReplayerOptions};
use temporalio_sdk::workflows::WorkflowImplementation;

use super::TestError;
use crate::caller;

/// Replays recorded histories with the code of the workflow `W`: the file at `path`, or each `.json` file in that
/// folder. `path` is relative to the package.
///
/// A workflow that runs while its worker is replaced continues with the new code. If that takes other steps than the
/// history has, Temporal retries the workflow task without end. This function finds that out before.
///
/// A file has the JSON that [`TestRun::record`](super::TestRun::record) writes, `temporal workflow show --output json`
/// prints, or the bridge returns for `…/status?getWfHistory=true`.
///
/// ```no_run
/// # use temporalio_macros::{workflow, workflow_methods};
/// # use temporalio_sdk::{WorkflowContext, WorkflowResult};
/// # #[workflow]
/// # #[derive(Default)]
/// # pub struct Hello;
/// # #[workflow_methods]
/// # impl Hello { #[run] pub async fn run(_: &mut WorkflowContext<Self>) -> WorkflowResult<()> { Ok(()) } }
/// # async fn test() -> Result<(), worker_kit::testing::TestError> {
/// worker_kit::testing::replay::<Hello>("tests/histories").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When a file cannot be read, there is none, or the code does not follow a history: then the error names the file and
/// the first step that differs.
pub async fn replay<W>(path: impl AsRef<Path>) -> Result<(), TestError>
where
    W: WorkflowImplementation,
    <W::Run as WorkflowDefinition>::Input: Send,
{
    let path = path.as_ref();
    let files =
        files(path).map_err(|error| TestError::new(&format!("cannot read {}", path.display()), error))?;
    if files.is_empty() {
        return Err(TestError(format!("{} has no .json file", path.display())));
    }
    let options = WorkflowReplayerOptions::new().register_workflow::<W>();
    let options = options.map_err(|error| TestError::new("cannot register the workflow", error))?;
    // As in the worker.
    let options = options.workflow_interceptor(caller::through_workflows()).build();
    let replayer = WorkflowReplayer::new(options).map_err(|error| TestError::new("cannot replay", error))?;
    for file in files {
        one(&replayer, &file).await?;
    }
    Ok(())
}

fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let files = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    Ok(files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .collect())
}

async fn one(replayer: &WorkflowReplayer, file: &Path) -> Result<(), TestError> {
    let name = file.display();
    let json = fs::read(file).map_err(|error| TestError::new(&format!("cannot read {name}"), error))?;
    let history = temporal::json::history(&json);
    let history = history.map_err(|error| TestError::new(&format!("{name} is not a history"), error))?;
    if history.events.is_empty() {
        return Err(TestError(format!("{name} has no events")));
    }
    replayer.replay_workflow(history.into()).await.map_err(|error| match error {
        WorkflowReplayError::Replay(failure) => TestError(format!(
            "{name} does not replay: {failure}. Workflows that are running would not continue: keep the old steps for \
             them (`ctx.patched`)"
        )),
        other => TestError::new(&format!("cannot replay {name}"), other),
    })
}
