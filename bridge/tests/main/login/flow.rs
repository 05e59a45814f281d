//! Logins at a real issuer, and what strangers may try.

use serde_json::{Value, json};

use super::Issued;
use super::visitor::{Visitor, location, set_cookies};

/// The end of the cookie of a login.
const LOGIN: &str = "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax";
const DELETED: &str = "; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";

#[tokio::test]
async fn a_person_logs_in_at_the_issuer_and_out() {
    let issued = Issued::new().await;
    let (place, visitor) = (&issued.place, Visitor::new());
    assert_eq!(visitor.who(place).await.0, 401);
    let begun = visitor.get(&place.at("/login?return=/v2/session?a=b")).await;
    assert_eq!((begun.status().as_u16(), set_cookies(&begun)), (303, vec![format!("bridge-=…{LOGIN}")]));
    assert!(location(&begun).starts_with(&format!("{}/auth?", issued.issuer_url)), "{}", location(&begun));
    assert_eq!(begun.headers()["cache-control"], "no-store");

    let back = visitor.to_callback(place, "/login?return=/v2/session?a=b", "alice").await;
    let completed = visitor.get(&back).await;
    assert_eq!((completed.status().as_u16(), location(&completed)), (303, "/v2/session?a=b"));
    assert_eq!(
        set_cookies(&completed),
        [
            "bridge-session=…; Path=/; Max-Age=900; HttpOnly; SameSite=Lax".to_owned(),
            format!("bridge-={DELETED}")
        ]
    );
    let (status, mut view) = visitor.who(place).await;
    let expires = view.as_object_mut().unwrap().remove("expires");
    let expected = json!({"name": "alice@corp", "kind": "issuer", "issuer": "corp", "groups": ["operators"]});
    assert_eq!((status, view), (200, expected));
    assert!(expires.unwrap().as_str().unwrap().ends_with('Z'));

    // The issuer asks whether to log out there as well.
    let out = visitor.post(&place.at("/logout"), "").await;
    assert_eq!((out.status().as_u16(), set_cookies(&out)), (303, vec![format!("bridge-session={DELETED}")]));
    let back =
        format!("post_logout_redirect_uri={}%2Fsession", place.url.replace(':', "%3A").replace('/', "%2F"));
    assert_eq!(location(&out), format!("{}/session/end?client_id=browser&{back}", issued.issuer_url));
    assert_eq!(visitor.who(place).await.0, 401);
    assert_eq!(place.events().await, ["login succeeded alice@corp", "logout succeeded alice@corp"]);
}

/// Checks that a login was refused: the page shows the words, and nobody is logged in.
async fn assert_refused(issued: &Issued, visitor: &Visitor, url: &str, status: u16, words: &str) {
    let answer = visitor.get(url).await;
    let found = answer.status().as_u16();
    let is_page = answer.headers()["content-type"] == "text/html; charset=utf-8";
    let text = answer.text().await.unwrap();
    assert!(found == status && is_page && text.contains(words), "{url}: {found} {text}");
    assert_eq!(visitor.session(&issued.place), "", "{url}");
}

#[tokio::test]
async fn a_response_is_taken_once_from_the_browser_that_began() {
    let issued = Issued::new().await;
    let place = &issued.place;
    const NOT_BEGUN: &str = "this browser has not begun this login";

    let visitor = Visitor::new();
    let back = visitor.to_callback(place, "/login", "alice").await;
    let attempt = visitor.cookies(place);
    // A stranger who leads somebody to their own response logs nobody in.
    let other = Visitor::new();
    assert_refused(&issued, &other, &back, 400, NOT_BEGUN).await;
    let _ = other.get(&place.at("/login")).await;
    assert_refused(&issued, &other, &back, 400, NOT_BEGUN).await;
    // Nor does one with the name of the right cookie and the content of another.
    other.set(place, &attempt[0].0, &other.cookies(place).last().unwrap().1.clone());
    assert_refused(&issued, &other, &back, 400, NOT_BEGUN).await;
    let (start, rest) = attempt[0].1.split_at(20);
    let edited = format!("{start}{}{}", if rest.starts_with('A') { "B" } else { "A" }, &rest[1..]);
    other.set(place, &attempt[0].0, &edited);
    assert_refused(&issued, &other, &back, 400, NOT_BEGUN).await;

    assert_eq!(visitor.get(&back).await.status(), 303);
    let again = Visitor::new();
    assert_refused(&issued, &again, &back, 400, NOT_BEGUN).await;
    // Also with a copy of the cookie: the issuer takes its code once.
    again.set(place, &attempt[0].0, &attempt[0].1);
    assert_refused(&issued, &again, &back, 403, "refused the login: invalid_grant").await;
    // A cookie of a login is none of a session.
    assert_eq!(Visitor::with(place, &attempt[0].1).who(place).await.0, 401);
    assert!(visitor.is_in(place).await);
    let events = place.events().await;
    assert_eq!(events.iter().filter(|event| event.starts_with("login denied")).count(), 6, "{events:?}");
}

#[tokio::test]
async fn a_response_that_is_late_or_of_another_issuer_is_refused() {
    let issued = Issued::new().await;
    let place = &issued.place;
    let issuer = format!("&iss={}", issued.issuer_url.replace(':', "%3A").replace('/', "%2F"));
    for (change, status, words) in [
        (
            Box::new(|back: &str| back.replace(&issuer, "")) as Box<dyn Fn(&str) -> String>,
            403,
            "not that of our issuer",
        ),
        (
            Box::new(|back| back.replace(&issuer, "&iss=https%3A%2F%2Fother.example")),
            403,
            "not that of our issuer",
        ),
        (Box::new(|back| back.replace("code=", "code=x")), 403, "refused the login: invalid_grant"),
        (Box::new(|back| format!("{back}&error=access_denied")), 403, "refused the login: access_denied"),
        (Box::new(|back| format!("{back}&error=%3Cb%3E")), 403, "refused the login: unknown_error"),
        (Box::new(|back| back.replace("state=", "state=x")), 400, "has not begun this login"),
        (Box::new(|back| back.replace("state=", "other=")), 400, "has not begun this login"),
    ] {
        let visitor = Visitor::new();
        let back = visitor.to_callback(place, "/login", "alice").await;
        assert!(back.contains(&issuer), "{back}");
        assert_refused(&issued, &visitor, &change(&back), status, words).await;
    }
    let visitor = Visitor::new();
    let back = visitor.to_callback(place, "/login", "alice").await;
    place.pass(601);
    assert_refused(&issued, &visitor, &back, 400, "more than 10 minutes ago").await;
}

#[tokio::test]
async fn several_pages_can_log_in_at_the_same_time() {
    let issued = Issued::new().await;
    let (place, visitor) = (&issued.place, Visitor::new());
    let one = visitor.to_callback(place, "/login?return=/one", "alice").await;
    let two = visitor.to_callback(place, "/login?return=/two", "alice").await;
    assert_eq!(location(&visitor.get(&two).await), "/two");
    let former = visitor.session(place);
    assert_eq!(location(&visitor.get(&one).await), "/one");
    // The second login has ended the session of the first.
    assert_eq!(Visitor::with(place, &former).who(place).await.0, 401);
    assert!(visitor.is_in(place).await);
}

#[tokio::test]
async fn a_login_leads_to_our_own_pages_only() {
    let issued = Issued::new().await;
    let (place, visitor) = (&issued.place, Visitor::new());
    for (asked, to) in [
        ("/v2/audit?limit=1%23x", "/v2/audit?limit=1#x"),
        ("//other.example", "/session"),
        ("/%5Cother.example", "/session"),
        ("/%09/other.example", "/session"),
        ("/%0A/other.example", "/session"),
        ("https://other.example/", "/session"),
        ("javascript:alert(1)", "/session"),
        ("", "/session"),
        ("/a%0D%0ASet-Cookie:%20x=y", "/session"),
    ] {
        let back = visitor.to_callback(place, &format!("/login?return={asked}"), "alice").await;
        let completed = visitor.get(&back).await;
        assert_eq!((completed.status().as_u16(), location(&completed)), (303, to), "{asked}");
    }
}

#[tokio::test]
async fn an_issuer_that_is_away_is_a_page_or_a_problem() {
    let mut issued = Issued::new().await;
    let visitor = Visitor::new();
    let back = visitor.to_callback(&issued.place, "/login", "alice").await;
    issued.issuer_ends();
    assert_refused(&issued, &visitor, &back, 503, "login at corp: the issuer cannot be reached now").await;
    issued.place.pass(61);
    let place = &issued.place;
    // What is known of the issuer is a minute old at most, by the system's clock; another bridge knows nothing.
    let other = super::Place::start(harness::free_port(), Some(&issued.issuer_url), "sqlite::memory:").await;
    let answer = harness::http().get(other.at("/login")).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "issuer_unavailable", "{problem}");
    let page = visitor.get(&other.at("/login")).await.text().await.unwrap();
    assert!(page.contains("login at corp: the issuer cannot be reached now; try again later"), "{page}");
    // Tokens of the file still serve programs.
    let call = harness::http().get(place.at("/v2/session")).bearer_auth("one").send().await.unwrap();
    let view: Value = call.json().await.unwrap();
    assert_eq!(view, json!({"name": "alice", "kind": "token", "groups": []}));
}
