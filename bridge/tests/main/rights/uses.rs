//! What an intent and a call may name.

use std::io::ErrorKind;
use std::net::TcpListener;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Guarded, intent};

const BINDINGS: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = [{ proxyUser = "alice" }]
scope = "proj1/**"
uses = { clients = ["*.a.svc:9090/*"], taskQueues = ["MIGRATION_*"] }

[[binding]]
name = "operators"
role = "operator"
subjects = [{ proxyUser = "bob" }]
scope = "proj1/**"
uses = { workflows = ["move-*", "a"] }

[[binding]]
name = "others"
role = "operator"
subjects = [{ proxyUser = "carol" }]
scope = "proj1/**"

[[binding]]
name = "everything"
role = "author"
subjects = [{ proxyUser = "root" }]
scope = "**"
uses = { clients = ["*"], taskQueues = ["*"] }
"#;

async fn reason(answer: Response) -> String {
    assert_eq!(answer.status(), 403);
    answer.json::<Value>().await.unwrap()["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_author_names_only_clients_and_task_queues_of_a_binding() {
    let bridge = Guarded::new(BINDINGS).await;
    let below = |path: &str| format!("dig1/temporal-workflow-intents{path}");
    for (change, named) in [
        ("/spec/temporal/workflowStartOptions/taskQueue", "the task queue `B_Q`"),
        ("/spec/workflowClient/clientEndpointName", "the workflow client `b_q:9090/migrate_workflowclient`"),
    ] {
        let mut theirs = intent("theirs");
        *theirs.pointer_mut(change).unwrap() = json!("B_Q");
        let created = bridge.send("alice", Method::POST, &below(""), theirs.clone()).await;
        let text = reason(created).await;
        assert!(
            text.starts_with("the binding `authors` does not let it use ") && text.contains(named),
            "{text}"
        );
        let replaced = bridge.send("alice", Method::PUT, &below("/theirs"), theirs.clone()).await;
        assert!(reason(replaced).await.contains(named));
        // Nor can it come back to what another has written.
        assert_eq!(
            bridge.send("root", Method::PUT, &below("/theirs"), theirs).await.status().as_u16() / 100,
            2
        );
    }
    let ours = bridge.send("alice", Method::PUT, &below("/theirs"), intent("theirs")).await;
    assert_eq!(ours.status(), 200);
    let back = json!({"spec": {"revision": "1"}});
    let back = bridge.send("alice", Method::POST, &below("/theirs/rollback"), back).await;
    assert!(reason(back).await.contains("the task queue `B_Q`"));
    // Activities run on task queues as well.
    let mut theirs = intent("activities");
    theirs["spec"]["temporal"]["workflowParams"]["activityOptions"] =
        json!({"all-activities": {"TaskQueue": "B_Q"}});
    let created = bridge.send("alice", Method::POST, &below(""), theirs).await;
    assert!(reason(created).await.contains("the task queue `B_Q`"));
}

#[tokio::test]
async fn a_draft_is_checked_by_no_client_that_its_author_may_not_name() {
    let bridge = Guarded::new(BINDINGS).await;
    let client = TcpListener::bind("127.0.0.1:0").unwrap();
    client.set_nonblocking(true).unwrap();
    let port = client.local_addr().unwrap().port();
    let form = format!(
        "do=check&project=proj1&app=capp1&version=v1&dig=dig1&name=theirs&host=127.0.0.1&port={port}&client=c\
         &queue=MIGRATION_Q&id=x"
    );
    let check = async |user: &str| {
        let page = bridge.request(user, Method::POST, "/ui/new-intent").header("accept", "text/html");
        page.body(form.clone()).send().await.unwrap().text().await.unwrap()
    };
    let page = check("alice").await;
    assert!(page.contains("does not let it use the workflow client"), "{page}");
    assert_eq!(client.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    // Who may name it has it called.
    check("root").await;
    client.accept().unwrap();
}

#[tokio::test]
async fn a_call_names_only_the_intents_own_workflows_or_those_of_a_binding() {
    let bridge = Guarded::new(BINDINGS).await;
    assert_eq!(bridge.create("alice", "dig1", "a").await, 201);
    let status = async |user: &str, query: &str| {
        bridge
            .call(user, Method::GET, &format!("dig1/temporal-workflow-intents/a/status?{query}"))
            .send()
            .await
            .unwrap()
    };
    assert_eq!(status("carol", "").await.status(), 200);
    assert_eq!(status("bob", "workflowID=move-1").await.status(), 200);
    assert!(reason(status("bob", "workflowID=other").await).await.contains("the workflow `other`"));
    assert!(reason(status("carol", "workflowID=move-1").await).await.contains("the workflow `move-1`"));
    let start = async |user: &str, workflow: &str| {
        let body = json!({"metadata": {"name": ""}, "spec": {"workflowID": workflow}});
        bridge.send(user, Method::POST, "dig1/temporal-workflow-intents/a/start?dryRun=All", body).await
    };
    assert_eq!(start("bob", "move-2").await.status(), 200);
    assert!(reason(start("bob", "other").await).await.contains("the workflow ID `other`"));
    assert_eq!(start("carol", "other").await.status(), 200);
}
