//! Requests that are refused, and the responses.

use std::convert::Infallible;
use std::time::Duration;

use harness::{Wire, free_port, http};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use serde_json::{Value, json};

use crate::clients::SECRET;
use crate::serving::{Serving, answer, body};

#[tokio::test]
async fn an_unknown_client_names_the_known() {
    let serving = Serving::alone().await;
    let answer = answer(serving.post("mgirate", "")).await;
    answer.assert_problem(404, "unknown_client");
    let mut known: Vec<_> = crate::clients::all().iter().map(client_kit::Client::name).collect();
    known.sort_unstable();
    assert_eq!(answer.body["known"], json!(known));
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("`mgirate`") && detail.contains("`migrate_workflowclient`"), "{detail}");
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let serving = Serving::alone().await;
    let get = answer(http().get(serving.url("/invoke/echo"))).await;
    get.assert_problem(405, "method_not_allowed");
    assert_eq!(get.header("allow"), Some("POST,OPTIONS"));
    answer(http().post(serving.url("/invoke"))).await.assert_problem(405, "method_not_allowed");
    for path in ["/invoke/", "/invoke/echo/", "/elsewhere"] {
        answer(http().post(serving.url(path))).await.assert_problem(404, "no_such_path");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let serving = Serving::alone().await;
    answer(serving.post("echo", "")).await.assert_problem(400, "empty_body");
    answer(serving.post("echo", "{\"workflowStartOptions\":")).await.assert_problem(400, "malformed_json");
}

#[tokio::test]
async fn what_go_reads_is_read() {
    let serving = Serving::alone().await;
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let body = |memo: &str| {
        format!(r#"{{"workflowClientName":7,"workflowStartOptions":{{"memo":{{"m":{memo}}}}}}}"#)
    };
    // The fault has the path of the number, so the rest was read.
    for memo in [r#""\ud800""#.to_owned(), nested(200), nested(9_997)] {
        let answer = answer(serving.post("echo", body(&memo))).await;
        answer.assert_problem(422, "invalid_spec");
        assert_eq!(answer.body["faults"][0]["path"], "$.workflowClientName");
        assert_eq!(answer.body["faults"].as_array().unwrap().len(), 1);
    }
    answer(serving.post("echo", body(&nested(9_998)))).await.assert_problem(400, "malformed_json");
    answer(http().get(serving.url("/invoke/%zz"))).await.assert_problem(400, "bad_request");
}

#[tokio::test]
async fn every_fault_is_listed_by_path() {
    let serving = Serving::alone().await;
    let body = json!({
        "workflowClientName": 7,
        "workflowStartOptions": {"id": ["a"], "WorkflowRunTimeout": "soon", "WorkflowIDReusePolicy": 9},
        "workflowParams": {"activityParams": {"all-activities": {"count": 3}}},
    });
    let answer = answer(serving.post("echo", body.to_string())).await;
    answer.assert_problem(422, "invalid_spec");
    let paths: Vec<_> = answer.body["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "$.workflowClientName",
            "$.workflowStartOptions.id",
            "$.workflowStartOptions.WorkflowRunTimeout",
            "$.workflowStartOptions.WorkflowIDReusePolicy",
            "$.workflowParams.activityParams.all-activities.count",
        ]
    );
}

#[tokio::test]
async fn a_start_without_a_queue_is_refused() {
    let serving = Serving::alone().await;
    for (body, path) in [
        ("{}", "$.workflowStartOptions.TaskQueue"),
        (r#"{"WorkflowStartOptions": {"taskQueue": ""}}"#, "$.WorkflowStartOptions.taskQueue"),
    ] {
        let answer = answer(serving.post("echo", body)).await;
        answer.assert_problem(422, "invalid_spec");
        assert_eq!(answer.body["faults"][0]["path"], path);
    }
}

#[tokio::test]
async fn unknown_fields_are_named_refused_or_ignored() {
    let serving = Serving::shared().await;
    let body = |id: &str| {
        json!({"hookBlocking": true, "workflowStartOptions": {"ID": id, "TaskQueue": "q", "Delay": 1, "é": 2}}).to_string()
    };
    let post = |query: &str| {
        http()
            .post(serving.url(&format!("/invoke/echo{query}")))
            .body(body(&format!("unknown-fields{}", query.len())))
    };
    let warned = answer(post("")).await;
    assert_eq!(warned.status, 204);
    let warnings: Vec<_> =
        warned.headers.get_all("warning").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert_eq!(warnings[0], r#"299 - "unknown field $.hookBlocking""#);
    assert_eq!(warnings[1], r#"299 - "unknown field $.workflowStartOptions.Delay""#);

    let ignored = answer(post("?fieldValidation=Ignore")).await;
    assert_eq!((ignored.status.as_u16(), ignored.header("warning")), (204, None));

    let refused = answer(post("?fieldValidation=Strict")).await;
    refused.assert_problem(400, "unknown_fields");
    assert_eq!(refused.body["faults"][0]["path"], "$.hookBlocking");
    assert_eq!(refused.body["faults"].as_array().unwrap().len(), 3);

    answer(post("?fieldValidation=Strictly")).await.assert_problem(400, "invalid_query");
}

#[tokio::test]
async fn a_bad_key_is_refused() {
    let serving = Serving::alone().await;
    let answer = answer(serving.post("echo", body(json!({}))).header("Idempotency-Key", "a b")).await;
    answer.assert_problem(400, "invalid_idempotency_key");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let serving = Serving::alone().await;
    let over = vec![b' '; (2 << 20) + 1];
    answer(serving.post("echo", over.clone())).await.assert_problem(413, "body_too_large");
    let pieces: Vec<_> = over
        .chunks(1 << 16)
        .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    let chunked = reqwest::Body::wrap(StreamBody::new(futures::stream::iter(pieces)));
    answer(serving.post("echo", chunked)).await.assert_problem(413, "body_too_large");
    // A body of the largest size is read, and is empty.
    answer(serving.post("echo", vec![b' '; 2 << 20])).await.assert_problem(400, "empty_body");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let serving = Serving::at(&format!("127.0.0.1:{}", free_port()), Duration::from_millis(100)).await;
    let mut caller = Wire::connect(serving.address).await.unwrap();
    let part = "POST /invoke/echo HTTP/1.1\r\nHost: client\r\nContent-Length: 9\r\n\r\n{";
    caller.send(part).await.unwrap();
    let answer = caller.answer().await.unwrap();
    assert!(answer.status == 408 && answer.body.contains("body_timeout"), "{answer:?}");
}

#[tokio::test]
async fn errors_of_clients_have_their_status_and_hide_their_causes() {
    let serving = Serving::alone().await;
    let refused = answer(serving.post("refusing", "{}")).await;
    refused.assert_problem(409, "client_refused");
    assert_eq!(refused.body["detail"], "the application is being moved");
    for client in ["failing", "panicking"] {
        let failed = answer(serving.post(client, "{}")).await;
        failed.assert_problem(500, "client_failed");
        assert!(!failed.body.to_string().contains(SECRET), "{failed:?}");
    }
    assert!(!refused.body.to_string().contains(SECRET), "{refused:?}");
    answer(serving.post("refusing", "{}")).await.assert_problem(409, "client_refused");
}

#[tokio::test]
async fn a_client_that_hangs_is_cut_off() {
    let serving = Serving::at(&format!("127.0.0.1:{}", free_port()), Duration::from_millis(100)).await;
    let answer = answer(serving.post("hanging", "{}")).await;
    answer.assert_problem(504, "start_timeout");
    assert!(answer.body["detail"].as_str().unwrap().contains("nothing was started"), "{answer:?}");
}

#[tokio::test]
async fn plain_text_is_for_those_who_prefer_it() {
    let serving = Serving::alone().await;
    let response = serving.post("refusing", "{}").header("Accept", "text/plain").send().await.unwrap();
    assert_eq!(response.status(), 409);
    assert_eq!(response.text().await.unwrap(), "the application is being moved\n");
}

#[tokio::test]
async fn invocations_are_counted_and_timed_by_client_and_outcome() {
    let serving = Serving::alone().await;
    answer(serving.post("refusing", "{}")).await;
    let text = http().get(serving.url("/metrics")).send().await.unwrap().text().await.unwrap();
    let series = r#"workflow_client_invocations_total{client="refusing",outcome="client_refused"}"#;
    assert!(text.contains(series), "{text}");
    let bucket = r#"workflow_client_invocation_duration_seconds_bucket{client="refusing",outcome="client_refused",le="1"}"#;
    assert!(text.contains(bucket), "{text}");
    assert!(text.contains("# HELP workflow_client_invocation_duration_seconds "), "{text}");
    assert!(text.contains("# HELP workflow_client_invocations_under_way "), "{text}");
    let _: Value = answer(http().get(serving.url("/readyz"))).await.body;
}
