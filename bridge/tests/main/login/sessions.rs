//! Sessions: renewed while they are used, ended by the person, the issuer or time, and not to be forged.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use harness::{SAMPLE_DIG, eventually};

use super::visitor::{Visitor, set_cookies};
use super::{Issued, Place, TWO, lines};

/// How long a session lasts that is not used.
const LASTS: i64 = 15 * 60;
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_session_that_is_used_is_renewed_at_the_issuer() {
    let issued = Issued::new().await;
    let (place, visitor) = (&issued.place, issued.visitor("alice").await);
    place.pass(LASTS / 2 - 10);
    let first = visitor.session(place);
    assert!(visitor.is_in(place).await && visitor.session(place) == first);
    // Twice, since the issuer takes each of its refresh tokens once.
    for round in 0..2 {
        let before = visitor.session(place);
        place.pass(if round == 0 { 20 } else { LASTS / 2 + 10 });
        let answer = visitor.get(&place.at("/v2/session")).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(set_cookies(&answer), ["bridge-session=…; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"]);
        assert_ne!(visitor.session(place), before);
    }
    // The first cookie has its own end.
    assert_eq!(Visitor::with(place, &first).who(place).await.0, 401);
    place.pass(LASTS + 1);
    assert_eq!(visitor.who(place).await.0, 401);
}

#[tokio::test]
async fn of_requests_at_once_one_renews() {
    let issued = Issued::new().await;
    let (place, visitor) = (&issued.place, issued.visitor("alice").await);
    for _ in 0..3 {
        place.pass(LASTS / 2 + 10);
        // With one refresh token used twice, the issuer would end the login.
        let session = visitor.session(place);
        let calls = (0..10).map(async |_| {
            let page = Visitor::with(place, &session);
            let status = page.get(&place.at("/v2/session")).await.status();
            (status, page.session(place))
        });
        let answers = join_all(calls).await;
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        let new = answers.into_iter().map(|(_, session)| session).find(|new| *new != session);
        visitor.set(place, super::visitor::SESSION, &new.expect("one of them renews the session"));
    }
    assert!(visitor.is_in(place).await);
}

#[tokio::test]
async fn a_person_who_is_gone_at_the_issuer_is_out_at_the_next_renewal() {
    let issued = Issued::new().await;
    let (place, visitor) = (&issued.place, issued.visitor("alice").await);
    let other = issued.visitor("bob").await;
    issued.is_gone("alice").await;
    assert!(visitor.is_in(place).await);
    place.pass(LASTS / 2 + 10);
    let answer = visitor.get(&place.at("/v2/session")).await;
    assert_eq!((answer.status().as_u16(), set_cookies(&answer).len()), (200, 0));
    assert_eq!(visitor.who(place).await.0, 401);
    assert!(other.is_in(place).await);
    assert_eq!(place.events().await.last().unwrap(), "logout succeeded alice@corp");
}

#[tokio::test]
async fn while_the_issuer_is_away_a_session_lasts_until_its_end() {
    let mut issued = Issued::new().await;
    let visitor = issued.visitor("alice").await;
    issued.issuer_ends();
    let place = &issued.place;
    place.pass(LASTS / 2 + 10);
    for _ in 0..3 {
        let answer = visitor.get(&place.at("/v2/session")).await;
        assert_eq!((answer.status().as_u16(), set_cookies(&answer).len()), (200, 0));
    }
    place.pass(LASTS / 2);
    assert_eq!(visitor.who(place).await.0, 401);
}

#[tokio::test]
async fn after_twelve_hours_a_person_logs_in_again() {
    let (place, visitor) = (Place::with_tokens().await, Visitor::new());
    visitor.log_in(&place, "one").await;
    for _ in 0..71 {
        place.pass(600);
        assert!(visitor.is_in(&place).await);
    }
    // The last cookie ends with the session.
    let left: i64 = 12 * 3600 - 71 * 600;
    place.pass(left - 10);
    assert!(visitor.is_in(&place).await);
    place.pass(11);
    assert_eq!(visitor.who(&place).await.0, 401);
}

#[tokio::test]
async fn a_forged_cookie_is_refused() {
    let (place, visitor) = (Place::with_tokens().await, Visitor::new());
    visitor.log_in(&place, "one").await;
    let session = visitor.session(&place);
    let sealed = URL_SAFE_NO_PAD.decode(&session).unwrap();
    // Nothing in it can be read.
    assert!(!String::from_utf8_lossy(&sealed).contains("expires"));
    let mut forged: Vec<String> = (0..sealed.len())
        .map(|place| {
            let mut changed = sealed.clone();
            changed[place] ^= 0x10;
            URL_SAFE_NO_PAD.encode(changed)
        })
        .collect();
    forged.extend((0..session.len()).step_by(7).map(|end| session[..end].to_owned()));
    forged.extend([
        format!("{session}A"),
        format!("{session}="),
        URL_SAFE_NO_PAD.encode([0; 128]),
        "%00".to_owned(),
    ]);
    // An empty cookie is one, too.
    for cookie in forged {
        assert_eq!(Visitor::with(&place, &cookie).who(&place).await.0, 401, "{cookie}");
    }
    // That of a bridge with other keys.
    let (other, stranger) = (Place::with_tokens().await, Visitor::new());
    other.write("keys", TWO);
    eventually(SOON, "the key is another", async || {
        stranger.log_in(&other, "one").await;
        Visitor::with(&place, &stranger.session(&other)).who(&place).await.0 == 401
            && !Visitor::with(&other, &session).is_in(&other).await
    })
    .await;
    assert!(visitor.is_in(&place).await);
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_after_the_logout() {
    let (place, visitor) = (Place::with_tokens().await, Visitor::new());
    visitor.log_in(&place, "one").await;
    let kept = Visitor::with(&place, &visitor.session(&place));
    // Another session of the same person goes on.
    let other = Visitor::new();
    other.log_in(&place, "one").await;
    assert_eq!(visitor.post(&place.at("/logout"), "").await.status(), 303);
    assert!(!kept.is_in(&place).await && other.is_in(&place).await);
    // A second logout is none, and no error.
    assert_eq!(kept.post(&place.at("/logout"), "").await.status(), 303);
    let events = place.events().await;
    assert_eq!(events.iter().filter(|event| event.starts_with("logout")).count(), 1, "{events:?}");
}

#[tokio::test]
async fn whose_token_is_removed_is_out_within_two_seconds() {
    let (place, alice, bob) = (Place::with_tokens().await, Visitor::new(), Visitor::new());
    alice.log_in(&place, "one").await;
    bob.log_in(&place, "two").await;
    place.write("tokens", &lines(&[("bob", "two"), ("alice", "three")]));
    eventually(Duration::from_secs(2), "alice is out", async || !alice.is_in(&place).await).await;
    assert!(bob.is_in(&place).await);
}

#[tokio::test]
async fn a_change_must_come_from_our_own_page() {
    let (place, visitor) = (Place::with_tokens().await, Visitor::new());
    visitor.log_in(&place, "one").await;
    let intents = place.at(&format!("{SAMPLE_DIG}/temporal-workflow-intents"));
    for headers in [
        &[][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://other.example")],
        &[("origin", "null")],
    ] {
        let answer = visitor.post_from(&intents, headers, "{}").await;
        assert_eq!(answer.status(), 403);
        assert!(answer.text().await.unwrap().contains("cross_origin"));
        // Nor can another page log somebody out, or in.
        assert_eq!(visitor.post_from(&place.at("/logout"), headers, "").await.status(), 403);
        assert_eq!(Visitor::new().post_from(&place.at("/login"), headers, "token=one").await.status(), 403);
    }
    assert!(visitor.is_in(&place).await);
    // It gets as far as the faults in its body.
    assert_eq!(visitor.post(&intents, "{}").await.status(), 422);
}
