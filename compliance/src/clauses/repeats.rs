//! Clauses about repeated starts.

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::json;
use uuid::Uuid;

use super::expectations::expect;
use crate::report::Outcome;
use crate::session::{Seen, Session, is_success, words};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const PREFER: HeaderName = HeaderName::from_static("prefer");

pub(super) async fn running_id(session: &Session<'_>) -> Outcome {
    match session.takes_ids.get() {
        Some(true) => {}
        Some(false) => return Outcome::not_applicable("the client makes its own workflow IDs"),
        None => {
            return Outcome::not_applicable(
                "without a Workflow-Id header it is not known whether the client uses the given ID",
            );
        }
    }
    let id = Session::fresh_id();
    let mut body = session.target.body(&id);
    for time in ["first", "second"] {
        let seen = session.start(&body).await;
        let outcome = expect(is_success, &format!("a success of the {time} start of a workflow ID"), &seen);
        if outcome != Outcome::Passed {
            return outcome;
        }
    }
    if matches!(session.target.backstage.runs(&id).await, Some(runs) if runs > 1) {
        return Outcome::of(false, "one run", "two starts of a running workflow ID made more");
    }
    body["workflowStartOptions"]["WorkflowExecutionErrorWhenAlreadyStarted"] = json!(true);
    let seen = session.start(&body).await;
    let refused = |seen: &Seen| {
        seen.as_ref().is_ok_and(|answer| answer.status.is_client_error() || answer.status.is_server_error())
    };
    expect(refused, "an error where WorkflowExecutionErrorWhenAlreadyStarted asks for one", &seen)
}

pub(super) async fn idempotency(session: &Session<'_>) -> Outcome {
    let asked = session.send(session.request(Method::OPTIONS, &session.path())).await;
    let announced = asked.is_ok_and(|answer| answer.header("Accepts-Idempotency-Key") == Some("true"));
    if !announced {
        return Outcome::not_applicable("OPTIONS does not return Accepts-Idempotency-Key: true");
    }
    // With a given workflow ID, and with one that the client makes.
    for id in [Session::fresh_id(), String::new()] {
        let mut body = session.target.body(&id);
        // A repeat is not an error: the same start made the workflow run.
        body["workflowStartOptions"]["WorkflowExecutionErrorWhenAlreadyStarted"] =
            json!(session.takes_ids.get() == Some(&true));
        let key = HeaderValue::from(Uuid::new_v4().as_u64_pair().0);
        let post = || {
            let request = session.post().header(PREFER, HeaderValue::from_static("return=representation"));
            session.send(request.header(IDEMPOTENCY_KEY, key.clone()).body(body.to_string()))
        };
        let (first, second) = (post().await, post().await);
        for (seen, time) in [(&first, "first"), (&second, "second")] {
            if !is_success(seen) {
                return Outcome::of(
                    false,
                    format!("a success of the {time} request under one key"),
                    words(seen),
                );
            }
        }
        let (Ok(first), Ok(second)) = (first, second) else { continue };
        let runs = session.target.backstage.runs(&id).await;
        let outcome = match (first.ids(), second.ids(), runs) {
            (first @ (_, Some(_)), second, _) => Outcome::of(
                first == second,
                "the same run",
                format!("{} and {}", describe(&first), describe(&second)),
            ),
            (_, _, Some(runs)) if !id.is_empty() => Outcome::of(runs == 1, "one run", runs),
            _ => Outcome::not_applicable("without a Run-Id header it is not known which run was started"),
        };
        if outcome != Outcome::Passed {
            return outcome;
        }
    }
    Outcome::Passed
}

fn describe((workflow, run): &(Option<String>, Option<String>)) -> String {
    let text = |id: &Option<String>| id.clone().unwrap_or_else(|| "(unknown)".to_owned());
    format!("run `{}` of `{}`", text(run), text(workflow))
}
