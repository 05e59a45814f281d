//! What the demo has to see while it stays up, in a browser; and the pictures of the README.

use std::path::Path;
use std::time::Duration;

use harness::{Browser, Process, eventually};

/// Long enough to build the programs, and for two moves and a failure.
const LIMIT: Duration = Duration::from_secs(600);

/// Returns the address that the demo prints after this word.
fn address(log: &str, word: &str) -> Option<String> {
    let line = log.lines().find_map(|line| line.trim().strip_prefix(word))?;
    Some(line.trim().to_owned())
}

/// Keeps a picture for the README: `docs/pictures` has copies.
async fn picture(browser: &Browser, name: &str) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder)?;
    browser.screenshot(&folder.join(name)).await
}

/// Writes and starts an intent as the README describes.
async fn first_intent(browser: &Browser, pages: &str) -> anyhow::Result<()> {
    browser.open(&format!("{pages}intents")).await?;
    browser.click("td a[href$='/dig1-workflow-intent']").await?;
    browser.click(".head .actions a[href$='/edit']").await?;
    let fields = "
        const labels = [...document.querySelectorAll('form.act label')];
        return Object.fromEntries(labels.map(label => [label.innerText.trim(), label.control.value]))";
    let mut values = browser.script(fields).await?;
    let mine = [
        ("Project", "proj1"),
        ("Composite app", "capp1"),
        ("Version of the composite app", "v1"),
        ("Deployment intent group", "dig1"),
        ("Name", "mine"),
        ("Workflow ID", "mine"),
        ("dryRun", "true"),
    ];
    for (label, value) in mine {
        values[label] = value.into();
    }
    let fill = format!(
        "const values = {values};
        for (const label of document.querySelectorAll('form.act label')) {{
            const text = label.innerText.trim();
            if (text in values) label.control.value = values[text];
        }}"
    );
    browser.open(&format!("{pages}new-intent")).await?;
    browser.script(&fill).await?;
    browser.click("button[value=check]").await?;
    browser.shows("Only report what would be done.").await;
    browser.script(&fill).await?;
    browser.click("button[value=save]").await?;
    browser.shows("The intent was saved.").await;
    browser.click(".head .actions a[href$='/start']").await?;
    browser.click("button[value=start]").await?;
    browser.shows("Completed").await;
    browser.click(".actions a[href*='/run/timeline?']").await?;
    browser.shows("GetDigAppIntents").await;
    Ok(())
}

#[tokio::test]
async fn the_demo_stays_up_with_something_to_see() {
    let mut demo = Process::builder(env!("CARGO_BIN_EXE_xtask")).arg("demo").spawn().unwrap();
    let pages = eventually(LIMIT, "the demo prints where its pages are", async || {
        if let Some(status) = demo.exit_status().unwrap() {
            panic!("the demo has ended ({status}): {}", demo.tail());
        }
        address(&demo.log(), "Pages")
            .filter(|_| demo.log().contains("Ctrl-C ends it."))
            .ok_or_else(|| demo.tail())
    })
    .await;

    let browser = Browser::start().await.unwrap();
    browser.looks((1280, 800), false).await.unwrap();
    browser.open(&pages).await.unwrap();
    // The rule looks every ten seconds, and the page follows.
    for words in ["A workflow has failed", "Failed", "relocate-collectd", "evacuate-cluster1", "nightly"] {
        browser.shows(words).await;
    }
    picture(&browser, "overview.png").await.unwrap();
    browser.click("#wrong tbody a.name").await.unwrap();
    browser.shows("Why it did not complete").await;
    browser.shows("undone: app intents").await;
    picture(&browser, "run.png").await.unwrap();

    first_intent(&browser, &pages).await.unwrap();

    // A role has its own rights alone.
    browser.open(&pages.replace("/ui/", "/login?return=/ui/intents")).await.unwrap();
    browser.fill("#token", "operator").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("evacuate-cluster1").await;
    let text = browser.text().await.unwrap();
    assert!(text.contains("operator") && !text.contains("New intent"), "{text}");

    demo.terminate().unwrap();
    demo.wait_exit(LIMIT).await.unwrap();
}
