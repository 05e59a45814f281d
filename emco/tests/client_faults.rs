//! How the client treats responses that are late, lost, incomplete, or not EMCO's.

use std::time::Duration;

use emco::{Client, Error, Kind, Retry, Revision, Settings, StatusQuery, Token};
use emco_stand_in::{Effect, Fault, StandIn, StandInOptions, samples};
use harness::Mount;

use crate::support::{GPI, client, loaded, quick};

fn answer(status: u16, body: &str) -> Effect {
    Effect::Answer { status, content_type: "text/html", body: body.to_owned() }
}

#[tokio::test]
async fn reads_and_puts_are_retried_until_they_succeed() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    let intents = emco.list_app_intents(&dig, GPI).await.unwrap();
    for effect in [answer(503, "upstream gone"), Effect::HangUp, Effect::HalfBody("[{".to_owned())] {
        let before = stand_in.requests("GET", "/app-intents");
        stand_in.fail(Fault::on("GET", "/app-intents", effect.clone()).times(2));
        assert_eq!(emco.list_app_intents(&dig, GPI).await.unwrap(), intents, "{effect:?}");
        assert_eq!(stand_in.requests("GET", "/app-intents") - before, 3, "{effect:?}");
    }
    stand_in.fail(Fault::on("PUT", "/app-intents/", Effect::LoseAnswer));
    emco.put_app_intent(&dig, GPI, &intents[0]).await.unwrap();
    assert_eq!(stand_in.requests("PUT", "/app-intents/"), 2);
}

#[tokio::test]
async fn retries_are_limited() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    stand_in.fail(Fault::on("GET", "/dig1", answer(502, "bad gateway")).always());
    let error = emco.get_dig(&dig).await.unwrap_err();
    assert_eq!((error.kind(), stand_in.requests("GET", "/dig1")), (Kind::Unavailable, 3));
    let once = Client::new(stand_in.url(), Settings { retry: Retry::NEVER, ..quick() }).unwrap();
    once.get_dig(&dig).await.unwrap_err();
    assert_eq!(stand_in.requests("GET", "/dig1"), 4);
    stand_in.heal();
    emco.get_dig(&dig).await.unwrap();
}

#[tokio::test]
async fn lasting_errors_are_not_retried() {
    let stand_in = loaded().await;
    let mut absent = samples::dig();
    absent.dig = "dig9".to_owned();
    client(&stand_in).get_dig(&absent).await.unwrap_err();
    assert_eq!(stand_in.requests("GET", "/dig9"), 1);
}

#[tokio::test]
async fn an_update_is_never_retried() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    for (requests, effect) in
        [answer(503, "busy"), Effect::HangUp, Effect::HalfBody("2".to_owned())].into_iter().enumerate()
    {
        stand_in.fail(Fault::on("POST", "/update", effect));
        assert!(emco.update_dig(&dig).await.unwrap_err().is_retryable());
        assert_eq!(stand_in.requests("POST", "/update"), requests + 1);
    }
    assert_eq!(emco.update_dig(&dig).await.unwrap(), Revision(2), "the failed updates had no effect");
}

#[tokio::test]
async fn an_update_without_response_may_have_happened() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    stand_in.fail(Fault::on("POST", "/update", Effect::LoseAnswer));
    let error = emco.update_dig(&dig).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::Interrupted, None));
    assert_eq!(emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap().revision(), Some(Revision(2)));
}

#[tokio::test]
async fn a_web_page_is_not_taken_for_emco() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    stand_in.fail(Fault::on("GET", "/generic-placement-intents", answer(200, "<html>Sign in</html>")));
    let error = emco.list_generic_placement_intents(&dig).await.unwrap_err();
    assert!(matches!(&error, Error::Unexpected { .. }), "{error:?}");
    assert_eq!(error.kind(), Kind::NotEmco);
    let text = error.to_string();
    for part in [stand_in.url(), "200 OK", "a list of generic placement intents", "line 1, column 1"] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
    assert!(!text.contains("Sign in"), "{text}");
    assert_eq!(stand_in.requests("GET", "/generic-placement-intents"), 1);
}

#[tokio::test]
async fn an_incomplete_body_names_url_status_and_expected_content() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    stand_in.fail(Fault::on("GET", "/status", Effect::HalfBody(r#"{"project":"#.to_owned())).always());
    let error = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap_err();
    assert_eq!((error.kind(), error.status().map(|status| status.as_u16())), (Kind::Interrupted, Some(200)));
    let text = error.to_string();
    for part in [stand_in.url(), "/dig1/status", "200 OK", "the status of a deployment intent group"] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
    assert!(!text.contains("status=ready"), "{text} shows the query");
}

#[tokio::test]
async fn another_format_is_an_error() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    for (method, part, body) in [
        ("POST", "/update", r#""two""#),
        ("POST", "/update", "-1"),
        ("POST", "/update", ""),
        ("GET", "/generic-placement-intents", r#"{"metadata":{"name":"not a list"}}"#),
        ("GET", "/generic-placement-intents", r#"[{"metadata":{"name":7}}]"#),
    ] {
        stand_in.fail(Fault::on(method, part, answer(202, body)));
        let error = match method {
            "POST" => emco.update_dig(&dig).await.map(|_| ()).unwrap_err(),
            _ => emco.list_generic_placement_intents(&dig).await.map(|_| ()).unwrap_err(),
        };
        assert_eq!((error.kind(), error.is_retryable()), (Kind::NotEmco, false), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    stand_in.fail(Fault::on("GET", "/dig1", answer(302, "moved")));
    let error = emco.get_dig(&dig).await.unwrap_err();
    assert_eq!((error.kind(), error.status().map(|status| status.as_u16())), (Kind::NotEmco, Some(302)));
}

#[tokio::test]
async fn responses_are_bounded() {
    let stand_in = loaded().await;
    let dig = samples::dig();
    let emco = Client::new(stand_in.url(), Settings { max_body: 64, ..quick() }).unwrap();
    let error = emco.dig_status(&dig, &StatusQuery::ready()).await.unwrap_err();
    assert!(matches!(error, Error::TooLong { limit: 64, .. }), "{error:?}");
    let long = Effect::Answer { status: 500, content_type: "text/plain", body: "x".repeat(100_000) };
    stand_in.fail(Fault::on("GET", "/dig1", long).always());
    match emco.get_dig(&dig).await.unwrap_err() {
        Error::Refused { text, .. } => assert_eq!(text.unwrap().len(), 1024),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let stand_in = loaded().await;
    let settings =
        Settings { timeout: Duration::from_millis(50), retry: Retry::NEVER, ..Settings::default() };
    let emco = Client::new(stand_in.url(), settings).unwrap();
    stand_in.fail(Fault::on("GET", "/dig1", Effect::Silence));
    let error = emco.get_dig(&samples::dig()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::Interrupted, None));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_late_response_within_the_timeout_is_used() {
    let stand_in = loaded().await;
    stand_in.fail(Fault::on("GET", "/dig1", Effect::Delay(Duration::from_millis(20))));
    client(&stand_in).get_dig(&samples::dig()).await.unwrap();
    assert_eq!(stand_in.requests("GET", "/dig1"), 1);
}

#[tokio::test]
async fn a_refused_connection_is_not_a_lost_response() {
    let stand_in = loaded().await;
    let (emco, dig) = (client(&stand_in), samples::dig());
    emco.get_dig(&dig).await.unwrap();
    stand_in.stop().await;
    let error = emco.update_dig(&dig).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Unreachable, true), "{error:?}");
}

#[tokio::test]
async fn the_token_is_sent() {
    let options = StandInOptions { token: Some("s3cret".to_owned()), ..StandInOptions::default() };
    let stand_in = StandIn::start(options).await.unwrap();
    stand_in.load_samples().await.unwrap();
    let dig = samples::dig();
    let error = client(&stand_in).get_dig(&dig).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.to_string().ends_with("RBAC: access denied"), "{error}");
    let settings = Settings { token: Some("s3cret".to_owned().into()), ..quick() };
    Client::new(stand_in.url(), settings).unwrap().get_dig(&dig).await.unwrap();
}

#[tokio::test]
async fn a_token_that_was_replaced_is_sent_with_the_next_call() {
    let options = StandInOptions { token: Some("s3cret".to_owned()), ..StandInOptions::default() };
    let stand_in = StandIn::start(options).await.unwrap();
    stand_in.load_samples().await.unwrap();
    let dig = samples::dig();
    let mut mount = Mount::new(&[("token", "s3cret")]).unwrap();
    let settings = Settings { token: Some(Token::file(mount.path("token"))), ..quick() };
    let client = Client::new(stand_in.url(), settings).unwrap();
    for _ in 0..3 {
        client.get_dig(&dig).await.unwrap();
        mount.swap(&[("token", "former")]).unwrap();
        assert_eq!(client.get_dig(&dig).await.unwrap_err().kind(), Kind::Denied);
        mount.swap(&[("token", "s3cret")]).unwrap();
    }
    client.get_dig(&dig).await.unwrap();
}
