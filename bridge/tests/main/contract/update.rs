//! Updates.

use std::time::Duration;

use anyhow::Result;
use bridge_core::ports::{CommandError, EngineError, Update, UpdateError, Updated};
use serde_json::json;
use workflow_api::{RawJson, WorkflowState};

use super::NUMBERS;
use crate::temporal::{Fixture, SOON, unique};

fn update(name: &str, args: Vec<RawJson>) -> Update {
    Update {
        name: name.to_owned(),
        args,
        update_id: unique("update"),
        identity: "admin@example".to_owned(),
        bound: SOON,
    }
}

fn knock(times: i64) -> Update {
    update("knock", vec![json!(times).into()])
}

#[tokio::test]
async fn updates_with_one_id_are_one_update() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let completed = |knocks| Updated::Completed { run_id: run.run_id.clone(), result: json!(knocks).into() };
    let twice = knock(2);
    assert_eq!(fixture.engine.update(&run, &twice).await?, completed(2));
    assert_eq!(fixture.engine.update(&run, &twice).await?, completed(2));
    assert_eq!(fixture.engine.update(&run, &knock(1)).await?, completed(3));
    Ok(())
}

#[tokio::test]
async fn arguments_and_results_are_passed_on_as_they_were_written() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let numbers: RawJson = serde_json::from_str(NUMBERS)?;
    let Updated::Completed { result, .. } =
        fixture.engine.update(&run, &update("echo", vec![numbers])).await?
    else {
        panic!("it is only accepted");
    };
    assert_eq!(result.as_str(), NUMBERS);
    Ok(())
}

#[tokio::test]
async fn an_update_is_accepted_before_it_completes() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let mut waiting = update("await-open", Vec::new());
    waiting.bound = Duration::from_secs(1);
    let updated = fixture.engine.update(&run, &waiting).await?;
    assert_eq!(updated, Updated::Accepted { run_id: run.run_id.clone() });
    Ok(())
}

#[tokio::test]
async fn a_rejected_update_and_a_failed_one_have_their_reasons() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let error = fixture.engine.update(&run, &knock(-1)).await.unwrap_err();
    let UpdateError::Rejected { failure, .. } = error else { panic!("{error:?}") };
    assert!(failure.message.contains("nobody knocks less than never"), "{failure:?}");
    let error = fixture.engine.update(&run, &update("break", Vec::new())).await.unwrap_err();
    let UpdateError::Failed { failure, .. } = error else { panic!("{error:?}") };
    assert!(failure.message.contains("the hinge broke"), "{failure:?}");
    Ok(())
}

#[tokio::test]
async fn an_update_needs_an_open_run_and_a_worker() -> Result<()> {
    let fixture = Fixture::new().await?;
    let error = fixture.engine.update(&fixture.nobody()?, &knock(1)).await.unwrap_err();
    let UpdateError::Command(error) = error else { panic!("{error:?}") };
    assert!(matches!(error, CommandError::Engine(EngineError::NoSuchWorkflow { .. })), "{error:?}");
    let run = fixture.start("Echo", &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    let error = fixture.engine.update(&run, &knock(1)).await.unwrap_err();
    let UpdateError::Command(error) = error else { panic!("{error:?}") };
    assert!(matches!(error, CommandError::AlreadyClosed { .. }), "{error:?}");
    let run = fixture.deserted().await?;
    let soon = Update { bound: Duration::from_millis(500), ..knock(1) };
    let error = fixture.engine.update(&run, &soon).await.unwrap_err();
    assert!(matches!(error, UpdateError::NoWorker { .. }), "{error:?}");
    Ok(())
}
