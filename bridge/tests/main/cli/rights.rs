//! Rights on the command line.

use super::bridge;

const ISSUERS: &str = r#"
[[issuer]]
name = "corp"
issuer = "https://login.example.org"
audience = "emco-bridge"
"#;

#[test]
fn files_of_rights_are_checked_with_their_lines() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let sound = std::fs::read(crate::rights::everything()).unwrap();
    let rights = file("rights.toml", std::str::from_utf8(&sound).unwrap());
    let policies =
        file("window.cedar", "forbid(principal, action, resource) when { context.time.weekday == 7 };\n");
    let check = |files: &[&std::path::Path]| bridge().args(["rights", "check"]).args(files).output().unwrap();
    assert!(check(&[&rights, &policies]).status.success());
    let wrong = file(
        "wrong.toml",
        "\n[[binding]]\nname = \"b\"\nrole = \"boss\"\nsubjects = [\"x\"]\nscope = \"**\"\n",
    );
    let open = file("open.cedar", "permit(principal, action, resource);\n");
    let output = check(&[&rights, &wrong, &open]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in
        ["rights.toml: valid", "wrong.toml:4: `boss`", "wrong.toml:5: `x`", "open.cedar:1: policies can only"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_bridge_with_callers_but_without_rights_prints_a_binding_and_ends() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let tokens = file("tokens", "ci:a3ee786b5707c27d42570785081ec17f5c7db9262a01366af362a1aa61a420b9\n");
    let issuers = file("issuers.toml", ISSUERS);
    let proxies = || ("BRIDGE_TRUSTED_PROXIES", "127.0.0.1".to_owned());
    let everywhere = ("BRIDGE_ANONYMOUS_NETWORKS", "0.0.0.0/0".to_owned());
    for (settings, subjects) in [
        (vec![("BRIDGE_BEARER_TOKENS", tokens)], "subjects = [\"authenticated\"]"),
        (vec![("BRIDGE_ISSUERS", issuers)], "subjects = [\"authenticated\"]"),
        (vec![proxies()], "subjects = [\"authenticated\"]"),
        (vec![proxies(), everywhere], "subjects = [\"authenticated\", \"anonymous\"]"),
    ] {
        let mut start = bridge();
        start.arg("serve").env("BRIDGE_LISTEN", "127.0.0.1:0").env("BRIDGE_DATABASE", "sqlite::memory:");
        let output = start.envs(settings.iter().cloned()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{settings:?}: {text}");
        assert!(text.contains("BRIDGE_RIGHTS is missing") && text.contains(subjects), "{settings:?}: {text}");
        // What it prints can be used as it is.
        let at = text.find("[[binding]]").unwrap();
        let printed: Vec<_> = text[at..].lines().take_while(|line| !line.starts_with("Stack")).collect();
        let rights = file("printed.toml", &printed.join("\n"));
        let output = bridge().args(["rights", "check", &rights]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
