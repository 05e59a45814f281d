//! Who gets in, what is offered, and what a refusal looks like.

use harness::{Browser, SAMPLE_INTENT, http, sample_intent};
use reqwest::Method;

use super::INTENT;
use crate::login::browser::keep;
use crate::login::{Place, Visitor};

const BINDINGS: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = [{ token = "bob" }]
scope = "proj1/**"
uses = { clients = ["*"], taskQueues = ["*"] }

[[binding]]
name = "viewers"
role = "viewer"
subjects = [{ token = "alice" }]
scope = "proj1/**"

[[binding]]
name = "operators"
role = "operator"
subjects = [{ token = "carol" }]
scope = "proj1/**"

[[binding]]
name = "administrators"
role = "administrator"
subjects = [{ token = "dave" }]
scope = "**"
"#;

pub(super) async fn place() -> Place {
    let place = Place::with_rights(BINDINGS).await;
    let body = sample_intent("127.0.0.1", 9090, "http://emco").to_string();
    let url = place.at(&format!("{}/temporal-workflow-intents", harness::SAMPLE_DIG));
    let created = http().request(Method::POST, url).bearer_auth("two").body(body).send().await.unwrap();
    assert_eq!(created.status(), 201);
    place
}

#[tokio::test]
async fn a_login_leads_back_to_the_page() {
    let (place, browser) = (place().await, Browser::start().await.unwrap());
    browser.open(&place.at(&format!("{INTENT}?a=b%26c"))).await.unwrap();
    browser.fill("#token", "one").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows(SAMPLE_INTENT).await;
    assert_eq!(browser.url().await.unwrap(), place.at(&format!("{INTENT}?a=b%26c")));
    browser.shows("alice").await;
    browser.click(".who a").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("You are not logged in.").await;
}

#[tokio::test]
async fn only_what_the_person_may_do_is_offered() {
    let (place, browser) = (place().await, Browser::start().await.unwrap());
    browser.open(&place.at(INTENT)).await.unwrap();
    browser.fill("#token", "one").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("What you may not do here").await;
    let offered = "return document.querySelectorAll('.head .actions a').length";
    assert_eq!(browser.script(offered).await.unwrap(), 0);
    let entries = "return [...document.querySelectorAll('.side nav a')].map(link => link.innerText).join()";
    assert_eq!(browser.script(entries).await.unwrap(), "Overview,Intents,Runs,Schedules,Rules,Alarms");
    browser.click("details:last-of-type summary").await.unwrap();
    browser.shows("the binding `viewers` gives the role viewer, which does not include it").await;
    // Whoever knows the path learns which right is missing.
    for page in ["start", "delete", "check", "rollback?revision=1", "run/cancel?workflow=x"] {
        browser.open(&place.at(&format!("{INTENT}/{page}"))).await.unwrap();
        browser.shows("lacks the right").await;
        assert_eq!(browser.script("return document.querySelectorAll('form.act').length").await.unwrap(), 0);
    }
    keep(&browser, "forbidden").await;
}

#[tokio::test]
async fn each_role_is_offered_what_it_may_do() {
    let place = place().await;
    let all = "Overview,Intents,Runs,Schedules,Rules";
    let roles = [
        ("one", format!("{all},Alarms"), "", "/ui/clients"),
        ("two", format!("{all},Clients"), "Edit,Check,Delete", "/ui/alarms"),
        ("third", format!("{all},Alarms,Clients"), "Start,New schedule", "/ui/settings"),
        ("fourth", format!("{all},Alarms,Clients,Audit,Settings"), "Start,New schedule", "/ui/new-intent"),
    ];
    let entries = "return [...document.querySelectorAll('.side nav a')].map(link => link.innerText).join()";
    let actions = "
        const links = [...document.querySelectorAll('.head .actions a, .pager a[href$=new-schedule]')];
        return links.map(link => link.innerText).join()";
    for (token, navigation, offered, refused) in roles {
        let browser = Browser::start().await.unwrap();
        browser.open(&place.at(INTENT)).await.unwrap();
        browser.fill("#token", token).await.unwrap();
        browser.click("button").await.unwrap();
        browser.shows(SAMPLE_INTENT).await;
        assert_eq!(browser.script(entries).await.unwrap(), navigation, "{token}");
        assert_eq!(browser.script(actions).await.unwrap(), offered, "{token}");
        browser.open(&place.at(refused)).await.unwrap();
        browser.shows("lacks the right").await;
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let (place, visitor) = (place().await, Visitor::new());
    visitor.log_in(&place, "two").await;
    let page = place.at(&format!("{INTENT}/delete"));
    for headers in [&[][..], &[("sec-fetch-site", "cross-site")]] {
        let refused = visitor.post_from(&page, headers, "at=1").await;
        assert_eq!(refused.status(), 403);
        assert!(refused.text().await.unwrap().contains("<html"));
    }
    assert_eq!(visitor.post(&page, "at=1").await.status(), 303);
}

#[tokio::test]
async fn a_browser_at_the_root_gets_to_the_pages_and_a_program_does_not() {
    let (place, browser) = (place().await, Browser::start().await.unwrap());
    browser.open(&place.at("/")).await.unwrap();
    browser.fill("#token", "one").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("All projects that you may see").await;
    for accept in ["*/*", "application/json"] {
        let answer =
            http().get(place.at("/")).bearer_auth("one").header("accept", accept).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.url().path()), (404, "/"), "{accept}");
    }
}

#[tokio::test]
async fn browsers_get_pages_of_problems_and_programs_get_the_problems() {
    let place = place().await;
    let get = async |path: &str, accept: &str| {
        let request = http().get(place.at(path)).bearer_auth("one").header("accept", accept);
        let answer = request.send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind, answer.text().await.unwrap())
    };
    for (path, status, words) in [
        ("/ui/nowhere", 404, "There is nothing at /ui/nowhere"),
        ("/ui/intents/proj1/capp1/v1/dig1/none", 404, "does not exist"),
        ("/ui/intents/%zz/capp1/v1/dig1/none", 400, "write % and two hex digits"),
        ("/ui/intents/proj2/capp1/v1/dig1/none", 403, "lacks the right"),
    ] {
        let (found, kind, text) = get(path, "text/html,*/*;q=0.8").await;
        assert_eq!((found, kind.as_str()), (status, "text/html; charset=utf-8"), "{path}");
        assert!(text.contains(words) && text.contains("<nav"), "{path}: {text}");
        let (found, kind, _) = get(path, "*/*").await;
        assert_eq!((found, kind.as_str()), (status, "application/problem+json"), "{path}");
    }
}
