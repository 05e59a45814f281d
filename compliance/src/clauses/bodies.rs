//! Clauses about bodies.

use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::expectations::{expect, nothing_runs};
use crate::report::Outcome;
use crate::session::{Seen, Session, is_refusal, is_success, words};

/// The size of the pieces of a body without `Content-Length`.
const PIECE: usize = 64 << 10;

pub(super) async fn case(session: &Session<'_>) -> Outcome {
    let Some(taken) = session.takes_ids.get() else {
        return Outcome::not_applicable(
            "without a Workflow-Id header it is not known whether the options of a start were read",
        );
    };
    for fold in [str::to_ascii_lowercase, str::to_ascii_uppercase] {
        let id = Session::fresh_id();
        let mut body = session.target.body(&id);
        fold_keys(&mut body, fold);
        let seen = session.start(&body).await;
        let written = fold("workflowStartOptions");
        let outcome = expect(is_success, &format!("a success, keys written as `{written}`"), &seen);
        if outcome != Outcome::Passed {
            return outcome;
        }
        let named = seen.ok().and_then(|answer| answer.ids().0);
        let read = match &named {
            Some(named) => *named == id,
            None => session.target.backstage.runs(&id).await.is_none_or(|runs| runs > 0),
        };
        // A client that makes its own ID may have read the given one.
        if *taken && !read {
            let named = named.unwrap_or_else(|| "another".to_owned());
            return Outcome::of(false, format!("a start of `{id}`, the ID under `{}`", fold("ID")), named);
        }
    }
    Outcome::Passed
}

/// Rewrites the names of fields. The names in `activityParams` and similar fields belong to the author, and do not
/// change.
fn fold_keys(value: &mut Value, fold: fn(&str) -> String) {
    if let Value::Object(fields) = value {
        let before = std::mem::take(fields);
        for (name, mut value) in before {
            let theirs = ["activityParams", "activityOptions", "Memo", "SearchAttributes"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&name));
            if !theirs {
                fold_keys(&mut value, fold);
            }
            fields.insert(fold(&name), value);
        }
    }
}

pub(super) async fn unknown_fields(session: &Session<'_>) -> Outcome {
    let mut body = session.target.body(&Session::fresh_id());
    body["hookBlocking"] = json!(true);
    body["workflowStartOptions"]["NobodyKnowsThis"] = json!({"a": [1]});
    expect(is_success, "a success", &session.start(&body).await)
}

pub(super) async fn nulls(session: &Session<'_>) -> Outcome {
    let mut body = session.target.body(&Session::fresh_id());
    if let Some(options) = body["workflowStartOptions"].as_object_mut() {
        for (name, value) in options {
            if !matches!(name.to_ascii_lowercase().as_str(), "id" | "taskqueue") {
                *value = Value::Null;
            }
        }
    }
    expect(is_success, "a success", &session.start(&body).await)
}

pub(super) async fn first_value(session: &Session<'_>) -> Outcome {
    let body = format!("{}\n{{\"and\": \"more\"}} [", session.target.body(&Session::fresh_id()));
    expect(
        is_success,
        "a success, although more follows the JSON value",
        &session.send(session.post().body(body)).await,
    )
}

pub(super) async fn content_type(session: &Session<'_>) -> Outcome {
    for content_type in ["text/plain", "application/octet-stream"] {
        let body = session.target.body(&Session::fresh_id()).to_string();
        let seen = session
            .send(session.post().header(CONTENT_TYPE, HeaderValue::from_static(content_type)).body(body))
            .await;
        let outcome = expect(is_success, &format!("a success, as {content_type}"), &seen);
        if outcome != Outcome::Passed {
            return outcome;
        }
    }
    Outcome::Passed
}

pub(super) async fn malformed_json(session: &Session<'_>) -> Outcome {
    for body in ["", "{", "{\"workflowStartOptions\": {\"ID\": \"a\",", "workflowStartOptions:\n  ID: a\n"] {
        let seen = session.send(session.post().body(body)).await;
        if !is_refusal(&seen) {
            return Outcome::of(false, format!("a 4xx for the body {body:?}"), words(&seen));
        }
    }
    Outcome::Passed
}

pub(super) async fn ill_typed(session: &Session<'_>) -> Outcome {
    let (id, mut list) = (Session::fresh_id(), session.target.body(""));
    list["workflowStartOptions"] = json!([1]);
    let mut number = session.target.body(&id);
    number["workflowStartOptions"]["TaskQueue"] = json!(7);
    for body in [list, number] {
        let seen = session.start(&body).await;
        if !is_refusal(&seen) {
            return Outcome::of(false, "a 4xx", words(&seen));
        }
    }
    nothing_runs(session, &id, "a field of the wrong type").await
}

pub(super) async fn body_limit(session: &Session<'_>) -> Outcome {
    let (id, size) = (Session::fresh_id(), session.target.too_large);
    // A valid body after much white space: a server without a limit starts it.
    let mut body = vec![b' '; size];
    body.extend(session.target.body(&id).to_string().into_bytes());
    let pieces: Vec<_> = body
        .chunks(PIECE)
        .map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    let unannounced = StreamBody::new(stream::iter(pieces)).boxed();
    for (request, how) in
        [(session.post().body(body), "with"), (session.post().stream(unannounced), "without")]
    {
        let seen = session.send(request).await;
        // A server may also close the connection to stop the caller.
        let refused = |seen: &Seen| is_refusal(seen) || matches!(seen, Err(crate::session::Lost::Broken(_)));
        let expected = format!("413 for {} MiB {how} Content-Length", size >> 20);
        let outcome =
            expect(refused, &expected, &seen).and(nothing_runs(session, &id, "too large a body")).await;
        if outcome != Outcome::Passed {
            return outcome;
        }
    }
    // The server must still serve others.
    let seen = session.start(&session.target.body(&Session::fresh_id())).await;
    expect(is_success, "a success afterwards", &seen)
}
