//! What needs no bridge: contexts, completions, man pages, explanations.

use crate::scene::Ctl;

#[test]
fn contexts_are_kept_in_a_file() {
    let ctl = Ctl::new();
    let path = ctl.home().join(".config/bridgectl/config.toml");
    assert_eq!(ctl.ok(&["context", "path"]).trim(), path.to_str().unwrap());
    assert!(ctl.fails(2, &["intent", "get"]).contains("bridgectl context set NAME --url URL"));
    assert_eq!(
        ctl.ok(&["context", "set", "lab", "--url", "http://lab:9095", "--group", "p/a/v/d"]),
        "lab set\n"
    );
    ctl.ok(&["context", "set", "live", "--url", "https://live"]);
    ctl.ok(&["context", "set", "live", "--project", "p"]);
    let table = ctl.ok(&["context", "list"]);
    assert_eq!(
        table,
        "NAME   CURRENT   URL               GROUP     PROJECT\n\
         lab    *         http://lab:9095   p/a/v/d\n\
         live             https://live                p\n"
    );
    assert_eq!(ctl.ok(&["context", "use", "live"]), "live is used\n");
    assert_eq!(ctl.json(&["context", "list"])["current"], "live");
    ctl.fails(3, &["context", "use", "absent"]);
    ctl.ok(&["context", "delete", "live"]);
    assert_eq!(ctl.ok(&["context", "list", "-o", "name"]), "lab\n");
    assert!(ctl.fails(1, &["intent", "get", "--context", "live"]).contains("there is no context `live`"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(&path, "contexts = 3").unwrap();
    assert!(ctl.fails(1, &["intent", "get"]).contains("config.toml is not valid"));
}

#[test]
fn codes_and_causes_are_explained() {
    let ctl = Ctl::new();
    assert_eq!(
        ctl.ok(&["explain", "condition_failed"]),
        "condition_failed (HTTP 412)\nWhat to do: read the intent, schedule or rule again, repeat the change on it, send its `ETag`\n"
    );
    assert!(ctl.ok(&["explain", "workflowStuck"]).starts_with("workflowStuck (MAJOR, "));
    ctl.fails(3, &["explain", "no_such_code"]);
}

#[test]
fn shells_and_man_get_what_they_read() {
    let ctl = Ctl::new();
    for (shell, word) in
        [("bash", "complete -o nospace"), ("zsh", "#compdef bridgectl"), ("fish", "complete --")]
    {
        let script = ctl.ok(&["completions", shell]);
        assert!(script.contains(word) && script.contains("BRIDGECTL_COMPLETE"), "{shell}: {script}");
    }
    let folder = ctl.home().join("man");
    ctl.ok(&["man", folder.to_str().unwrap()]);
    let page = std::fs::read_to_string(folder.join("bridgectl.1")).unwrap();
    assert!(page.contains(".TH bridgectl 1") && page.contains("the workflow that was waited for"), "{page}");
    assert!(folder.join("bridgectl-start.1").is_file());
    let help = ctl.ok(&["--help"]);
    assert!(help.contains("Exit codes:\n  0  done"), "{help}");
}
