//! Exit codes, and the texts of errors.

use harness::{free_port, program};

use crate::scene::{Alone, Ctl, GROUP, Scene};

#[tokio::test]
async fn each_kind_of_error_has_its_code() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    ctl.fails(2, &["no-such-command"]);
    assert!(ctl.fails(2, &["intent", "get", "other/gate"]).contains("write project/app/version/group"));
    let absent = ctl.fails(3, &["status", "absent"]);
    assert!(absent.starts_with("error: ") && absent.contains("(no_such_intent)"), "{absent}");
    assert!(absent.ends_with("`bridgectl explain no_such_intent` shows what to do\n"), "{absent}");
    ctl.fails(3, &["status", "gate"]);
    ctl.ok(&["start", "gate"]);
    ctl.ok(&["terminate", "gate"]);
    ctl.fails(4, &["signal", "gate", "open"]);
    ctl.fails(1, &["reset", "gate", "--event", "1"]);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let away = ctl.fails(8, &["intent", "get", "--url", &nobody, "--group", GROUP]);
    assert!(away.contains(&format!("cannot connect to GET {nobody}/v2/")), "{away}");
    // Neither colours nor anything else than data goes to standard output.
    let forced =
        Ctl::new().with("CLICOLOR_FORCE", "1").with("BRIDGECTL_URL", &nobody).run(&["auth", "whoami"]);
    assert!(forced.err.starts_with("\u{1b}[1;31merror:\u{1b}[0m ") && forced.out.is_empty(), "{forced:?}");
}

#[tokio::test]
async fn callers_are_known_by_their_tokens() {
    let ctl = Ctl::new();
    let made = std::process::Command::new(program("bridge").unwrap())
        .args(["token", "new", "alice"])
        .output()
        .unwrap();
    let (token, line) = (String::from_utf8(made.stdout).unwrap(), String::from_utf8(made.stderr).unwrap());
    let tokens = ctl.file("tokens", &line);
    let rights = ctl.file(
        "rights.toml",
        "[[binding]]\nname = \"viewers\"\nrole = \"viewer\"\nsubjects = [{ token = \"alice\" }]\nscope = \"proj1/**\"\n",
    );
    let bridge = Alone::start(&ctl, &["--bearer-tokens", &tokens, "--rights", &rights]).await;
    let url = bridge.url.as_str();
    let file = ctl.file("token", &token);

    assert!(ctl.fails(5, &["auth", "whoami", "--url", url]).contains("(unauthorized)"));
    ctl.ok(&["context", "set", "lab", "--url", url, "--token-file", &file, "--group", "proj1/capp1/v1/dig1"]);
    assert_eq!(ctl.ok(&["auth", "whoami", "-o", "name"]), "alice\n");
    ctl.ok(&["context", "set", "command", "--url", url, "--token-command", &format!("cat {file}")]);
    assert_eq!(ctl.ok(&["auth", "whoami", "-o", "name", "--context", "command"]), "alice\n");
    let by_variable = Ctl::new().with("BRIDGECTL_URL", url).with("BRIDGECTL_TOKEN", token.trim());
    assert!(by_variable.ok(&["auth", "whoami"]).contains("Name       alice\nProven by  token\n"));

    let may = ctl.ok(&["auth", "can-i", "get"]);
    assert!(may.contains("the binding `viewers` gives the role viewer"), "{may}");
    let may_not = ctl.run(&["auth", "can-i", "start", "proj1/capp1/v1/dig1"]);
    assert_eq!(may_not.code, 5, "{may_not:?}");
    assert!(may_not.out.contains("start   no"), "{may_not:?}");
    assert!(ctl.ok(&["auth", "can-i"]).lines().count() > 10);
    assert!(ctl.fails(5, &["intent", "delete", "gate"]).contains("(forbidden)"));
    let shown = ["context", "list", "-o", "json"].map(str::to_owned);
    let shown = ctl.ok(&shown.each_ref().map(String::as_str));
    assert!(!shown.contains(token.trim()), "{shown}");
}
