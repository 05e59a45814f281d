//! `audit verify`: over the API of a bridge that seals its audit.

use std::process::Command;

use harness::{eventually, program};
use serde_json::{Value, json};
use sqlx::SqlitePool;

use crate::scene::{Alone, Ctl, SOON};

/// Makes a key, and returns the files of the private and of the public one.
fn key(ctl: &Ctl, name: &str) -> (String, String) {
    let private = ctl.home().join(name).to_str().unwrap().to_owned();
    let made = Command::new(program("bridge").unwrap()).args(["audit", "keygen", &private]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    (private, ctl.file(&format!("{name}.pub"), &String::from_utf8(made.stdout).unwrap()))
}

#[tokio::test]
async fn the_audit_is_verified_over_the_api() {
    let ctl = Ctl::new();
    let (private, public) = key(&ctl, "audit.pem");
    let bridge = Alone::start(&ctl, &["--audit-key", &private]).await;
    ctl.ok(&["context", "set", "lab", "--url", &bridge.url, "--project", "proj1"]);
    let rule = "metadata: {name: late}\nspec: {when: {runningFor: 30m}, then: [{notify: {text: late}}]}\n";
    ctl.ok(&["apply", "-f", &ctl.file("rule.yaml", rule)]);
    let by_key = ["audit", "verify", "--key", &public];
    eventually(SOON, "the change is sealed", async || {
        let ran = ctl.run(&by_key);
        if ran.code == 0 && !ran.out.contains(" 0 events under") { Ok(()) } else { Err(format!("{ran:?}")) }
    })
    .await;
    let plain = ctl.ok(&["audit", "verify"]);
    assert!(
        plain.starts_with("The audit is as it was written: ") && plain.contains("not verified (--key)"),
        "{plain}"
    );

    // A seal that was kept elsewhere.
    let log = bridge.process.log();
    let seals = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.get("seal")?.as_str()?.to_owned())
    });
    let seals: Vec<_> = seals.collect();
    let checkpoint = ctl.file("seals.jsonl", &seals.join("\n"));
    let by_both = [&by_key[..], &["--checkpoint", &checkpoint]].concat();
    let report = ctl.json(&by_both);
    assert_eq!(report["verified"], true);
    assert_eq!(report["seals"], report["signed"]);
    let (_, other) = key(&ctl, "other.pem");
    let forged = ctl.run(&["audit", "verify", "--key", &other]);
    assert_eq!(forged.code, 1, "{forged:?}");
    assert!(forged.out.contains("seal 1 is forged"), "{forged:?}");
    assert!(ctl.fails(1, &["audit", "verify", "--checkpoint", &private]).contains("line 1 is no seal"));

    let pool = SqlitePool::connect(&format!("{}/bridge.db", ctl.home().display())).await.unwrap();
    let forge =
        "UPDATE audit_events SET document = replace(document, 'late', 'soon') WHERE document LIKE '%late%'";
    sqlx::query(forge).execute(&pool).await.unwrap();
    let changed = ctl.run(&[&by_both[..], &["-o", "json"]].concat());
    assert_eq!(changed.code, 1, "{changed:?}");
    let found: Value = serde_json::from_str(&changed.out).unwrap();
    assert_eq!(found, json!({"verified": false, "fault": "event 1 of batch 1 was changed"}));
    // To verify is an event itself.
    assert!(ctl.ok(&["audit", "list", "--verb", "verify-audit"]).lines().count() > 1);
}
