//! Durations, keys and templates: texts with rules of their own.

use workflow_api::template::{faults, is_open};
use workflow_api::{DigKey, Nanos};

#[test]
fn text_forms_give_the_same_nanoseconds() {
    for (text, seconds) in [
        ("30s", 30.0),
        ("1h30m", 5400.0),
        ("PT30S", 30.0),
        ("P1DT1S", 86_401.0),
        ("1.5h", 5400.0),
        ("250ms", 0.25),
    ] {
        assert_eq!(text.parse::<Nanos>().unwrap().get(), (seconds * 1e9) as i64, "{text}");
    }
    for (text, nanoseconds) in
        [("5us", 5_000), ("5µs", 5_000), ("7ns", 7), ("0s", 0), ("-2s", -2_000_000_000)]
    {
        assert_eq!(text.parse::<Nanos>().unwrap().get(), nanoseconds, "{text}");
    }
}

#[test]
fn other_text_is_refused_by_name() {
    for text in ["", "30", "soon", "1 fortnight", "P1Y", "400000000h"] {
        let error = text.parse::<Nanos>().unwrap_err();
        assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
    }
}

#[test]
fn each_unusable_part_of_a_path_is_named() {
    let faults = DigKey::new("p 1", "app", "v1", "-dig").faults();
    let paths: Vec<_> = faults.into_iter().map(|fault| fault.path).collect();
    assert_eq!(paths, ["path.project", "path.deploymentIntentGroup"]);
}

#[test]
fn each_unknown_placeholder_is_a_fault() {
    for (text, names) in [
        ("{{Run}}", &["{{Run}}"][..]),
        ("{{ uuid }}-{{run}}-{{}}", &["{{ uuid }}", "{{}}"]),
        ("{{run", &["{{run"]),
        ("{{uuid}}{{{run}}", &["{{{run}}"]),
    ] {
        let faults = faults("$.id", text);
        assert_eq!(faults.len(), names.len(), "{text}: {faults:?}");
        for (fault, name) in faults.iter().zip(names) {
            assert_eq!(fault.path, "$.id");
            assert!(fault.message.contains(&format!("`{name}`")), "{fault:?}");
        }
    }
    assert_eq!(faults("$.id", "plain {x} }} {{uuid}}-{{run}}"), []);
}

#[test]
fn a_workflow_id_has_no_nul_character() {
    assert_eq!(faults("$.id", "a\0b").len(), 1);
}

#[test]
fn an_id_that_may_get_too_long_is_a_fault() {
    assert_eq!(faults("$.id", &"x".repeat(1000)), []);
    assert_eq!(faults("$.id", &format!("{}{{{{run}}}}", "x".repeat(990))).len(), 1);
}

#[test]
fn an_empty_id_and_placeholders_leave_the_workflow_open() {
    assert!(["", "{{uuid}}", "a-{{run}}"].into_iter().all(is_open));
    assert!(!is_open("a {b}"));
}
