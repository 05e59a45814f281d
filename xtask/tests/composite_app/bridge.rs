//! The workflow: a real bridge keeps the intent, and real client, worker and Temporal move an app.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{SAMPLE_TARGET, StackOptions, eventually, http, placements};
use serde_json::Value;

use crate::site::{Folder, assert_done, run};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_intent_is_kept_started_and_done() -> Result<()> {
    let folder = Folder::new(&["--env", "test"]);
    let queue = &folder.values()["TaskQueue"];
    let env = ["WORKER_TASK_QUEUE", "CLIENT_TASK_QUEUE"].map(|name| (name.into(), queue.into())).into();
    let stack = StackOptions { env, ..StackOptions::default() }.start().await?;
    let emco = stack.emco.url();
    folder.set(&[
        ("WorkflowClientHost", "127.0.0.1"),
        ("WorkflowClientPort", &stack.client.port().to_string()),
        ("EmcoURL", &emco),
        ("EmcoClmURL", &emco),
        ("EmcoDcmURL", &emco),
    ]);
    let emcoctl = folder.emcoctl(&emco, &stack.bridge.url());
    let [intent, start, status, cancel] = folder.commands("A workflow").try_into().unwrap();

    // The defaults name the sample app, which this EMCO has.
    let created = run(&emcoctl, &intent).await;
    assert_done(&intent, &created);
    assert_eq!((created[0].status.as_u16(), created[0].section.as_str()), (201, "workflowmgr"));
    let started = run(&emcoctl, &start).await;
    assert_eq!(started[0].status, 204, "{}", started[0].body);

    eventually(SOON, "the workflow completes", async || {
        let answer = run(&emcoctl, &status).await.remove(0);
        let body: Value = serde_json::from_str(&answer.body)?;
        let queried = body["workflowQueryResult"] == "completed";
        ensure!(answer.status == 200 && body["workflowState"] == "Completed" && queried, "{body}");
        Ok(())
    })
    .await;
    eventually(SOON, "the app is on its new cluster", async || {
        let dig = stack.dig_status().await?;
        ensure!(placements(&dig)["collectd"] == [SAMPLE_TARGET], "{dig}");
        Ok(())
    })
    .await;

    let late = run(&emcoctl, &cancel).await;
    assert!(!late[0].status.is_server_error(), "{}", late[0].body);
    // An intent that was copied from a workflow manager can be created in another: here in the same, after
    // its deletion.
    let listed = || async {
        Ok::<Vec<Value>, anyhow::Error>(http().get(stack.intents_url()).send().await?.json().await?)
    };
    let kept = listed().await?;
    let delete = &folder.commands("Delete")[0];
    assert_done(delete, &run(&emcoctl, delete).await);
    assert_eq!(listed().await?.len(), 0);
    for intent in &kept {
        let copied = http().post(stack.intents_url()).body(intent.to_string()).send().await?;
        assert_eq!(copied.status(), 201);
    }
    assert_eq!((listed().await?, kept.len()), (kept, 1));
    stack.stop().await
}
