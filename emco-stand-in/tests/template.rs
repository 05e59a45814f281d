//! The templates of resource files.

use emco_stand_in::render;

#[test]
fn names_are_replaced_by_their_values() {
    let rendered =
        render("port: {{.RsyncPort}}\nname: {{ .Name }}-x{{.Gone}}", "RsyncPort: 9031\nName: proj1\n");
    assert_eq!(rendered.unwrap(), "port: 9031\nname: proj1-x<no value>");
}

#[test]
fn other_actions_are_refused_with_their_line() {
    for template in ["a\nb {{range .X}}", "a\nb {{.X", "a\nb {{.X.Y}}", "a\nb {{}}"] {
        let error = render(template, "X: 1").unwrap_err().to_string();
        assert!(error.starts_with("line 2: `{{"), "{template:?}: {error}");
    }
}
