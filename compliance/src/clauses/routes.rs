//! Clauses about paths, methods and the response.

use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, StatusCode};

use super::expectations::{expect, nothing_runs};
use crate::report::Outcome;
use crate::session::{Seen, Session, bearer, is_success, words};

const SUCCESS: &str = "a success";

fn has_status(status: StatusCode) -> impl Fn(&Seen) -> bool {
    move |seen| seen.as_ref().is_ok_and(|answer| answer.status == status)
}

pub(super) async fn path(session: &Session<'_>) -> Outcome {
    let id = Session::fresh_id();
    let seen = session.start(&session.target.body(&id)).await;
    let named = seen.as_ref().ok().and_then(|answer| answer.ids().0);
    let taken = match named {
        Some(named) => Some(named == id),
        None => session.target.backstage.runs(&id).await.map(|runs| runs > 0),
    };
    // This clause is tested first, and once.
    taken.into_iter().for_each(|taken| session.takes_ids.set(taken).unwrap_or_default());
    expect(is_success, &format!("{SUCCESS} of POST {}", session.path()), &seen)
}

pub(super) async fn accepted(session: &Session<'_>) -> Outcome {
    let id = Session::fresh_id();
    let seen = session.start(&session.target.body(&id)).await;
    let Ok(answer) = &seen else { return expect(is_success, SUCCESS, &seen) };
    // A client may make its own ID; then the response must name it.
    let id = answer.ids().0.unwrap_or(id);
    match session.target.backstage.runs(&id).await {
        None => Outcome::not_applicable("it cannot be seen which workflows exist"),
        Some(runs) => Outcome::of(
            is_success(&seen) && runs == 1,
            "a success, and one run",
            format!("{answer}, and {runs} run(s) of `{id}`"),
        ),
    }
}

pub(super) async fn success_code(session: &Session<'_>) -> Outcome {
    let seen = session.start(&session.target.body(&Session::fresh_id())).await;
    expect(has_status(StatusCode::NO_CONTENT), "204, the only status that EMCO's workflowmgr accepts", &seen)
}

pub(super) async fn non_blocking(session: &Session<'_>) -> Outcome {
    let seen = session.start(&session.target.body(&Session::fresh_id())).await;
    let limit = session.target.answers_within;
    match &seen {
        Ok(answer) => Outcome::of(
            answer.status.is_success() && answer.took <= limit,
            format!("a success within {limit:?}, although the workflow has no worker"),
            format!("{answer} after {:.1?}", answer.took),
        ),
        Err(lost) => Outcome::of(false, format!("a response within {limit:?}"), lost),
    }
}

pub(super) async fn unknown_client(session: &Session<'_>) -> Outcome {
    let id = Session::fresh_id();
    let body = session.target.body(&id).to_string();
    let seen =
        session.send(session.request(Method::POST, "/invoke/no-such-workflow-client").body(body)).await;
    expect(has_status(StatusCode::NOT_FOUND), "404", &seen)
        .and(nothing_runs(session, &id, "an unknown name"))
        .await
}

pub(super) async fn other_paths(session: &Session<'_>) -> Outcome {
    let (client, id) = (&session.target.client, Session::fresh_id());
    let body = session.target.body(&id).to_string();
    for path in [
        format!("/{client}"),
        format!("/elsewhere/{client}"),
        format!("/invoke/{client}/more"),
        "/invoke/".to_owned(),
    ] {
        let seen = session.send(session.request(Method::POST, &path).body(body.clone())).await;
        let refused = |seen: &Seen| {
            seen.as_ref().is_ok_and(|answer| {
                matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
            })
        };
        if !refused(&seen) {
            return Outcome::of(false, format!("404 of POST {path}"), words(&seen));
        }
    }
    nothing_runs(session, &id, "another path").await
}

pub(super) async fn method(session: &Session<'_>) -> Outcome {
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let id = Session::fresh_id();
        let body = session.target.body(&id).to_string();
        let seen = session.send(session.request(method.clone(), &session.path()).body(body)).await;
        let refused = |seen: &Seen| {
            let allow = |headers: &HeaderMap| headers.contains_key("Allow");
            has_status(StatusCode::METHOD_NOT_ALLOWED)(seen)
                && seen.as_ref().is_ok_and(|answer| allow(&answer.headers))
        };
        let expected = format!("405 of {method}, with an Allow header");
        let outcome =
            expect(refused, &expected, &seen).and(nothing_runs(session, &id, method.as_str())).await;
        if outcome != Outcome::Passed {
            return outcome;
        }
    }
    Outcome::Passed
}

pub(super) async fn token(session: &Session<'_>) -> Outcome {
    let Some(token) = &session.target.token else {
        return Outcome::not_applicable("no token was given, so the server needs none");
    };
    let id = Session::fresh_id();
    let body = session.target.body(&id).to_string();
    let bare = || Session::bare(Method::POST, &session.path()).body(body.clone());
    let Ok(wrong) = bearer(&format!("{token}-not")) else {
        return Outcome::not_applicable("the token has characters that a header cannot have");
    };
    for request in [bare(), bare().header(AUTHORIZATION, wrong)] {
        let seen = session.send(request).await;
        let challenged = |seen: &Seen| {
            has_status(StatusCode::UNAUTHORIZED)(seen)
                && seen.as_ref().is_ok_and(|answer| answer.headers.contains_key("WWW-Authenticate"))
        };
        let outcome = expect(challenged, "401 with a WWW-Authenticate header", &seen)
            .and(nothing_runs(session, &id, "a caller without the token"))
            .await;
        if outcome != Outcome::Passed {
            return outcome;
        }
    }
    Outcome::Passed
}
