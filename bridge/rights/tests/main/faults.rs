//! Faults of files, with their lines.

use bridge_rights::{Faults, RightsFile, check, check_policies};

fn faults(text: &str) -> Vec<String> {
    let Faults(faults) = check(&RightsFile { name: "r", text }).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_fault_of_a_binding_has_its_line() {
    let sound = "[[binding]]\nname = \"b\"\nrole = \"viewer\"\nsubjects = [\"anonymous\"]\nscope = \"**\"\n";
    assert!(check(&RightsFile { name: "r", text: sound }).is_ok());
    for (was, is, fault) in [
        ("scope", "scpoe", "r:5: unknown field `scpoe`"),
        ("name = \"b\"\n", "", "r:1: missing field `name`"),
        ("\"b\"", "\"b c\"", "r:2: `b c` is not a name"),
        (
            "\"viewer\"",
            "\"boss\"",
            "r:3: `boss` is not a role: write `author`, `operator`, `administrator`, `viewer`",
        ),
        ("\"viewer\"", "\"author\"", "r:3: an author needs `uses.clients`"),
        ("[\"anonymous\"]", "[]", "r:4: a binding without subjects is for nobody"),
        ("\"anonymous\"", "\"alice\"", "r:4: `alice` is not a subject"),
        ("\"anonymous\"", "{ user = \"a\" }", "r:4: `issuer` is missing"),
        ("\"anonymous\"", "{ token = \"a\", issuer = \"i\" }", "r:4: has no issuer"),
        ("\"anonymous\"", "{ token = \"a\", user = \"b\" }", "r:4: is not one subject"),
        ("\"anonymous\"", "{ token = \"\" }", "r:4: an empty name names nobody"),
        ("\"anonymous\"", "{ tokn = \"a\" }", "r:4: unknown field `tokn`"),
        ("\"anonymous\"", "{ serviceAccount = \"a\", issuer = \"k\" }", "r:4: `a` is not a service account"),
        (
            "\"anonymous\"",
            "{ user = \"system:serviceaccount:a:b\", issuer = \"k\" }",
            "r:4: write { serviceAccount",
        ),
        ("\"anonymous\"", "{ rule = \"late\" }", "r:4: `late` is not a rule: write `project/rule`"),
        ("\"anonymous\"", "{ rule = \"p/*\" }", "r:4: `p/*` is not a rule"),
        ("\"anonymous\"", "{ rule = \"p/late\", issuer = \"i\" }", "r:4: has no issuer"),
        ("\"**\"", "\"p\"", "r:5: `p` is not a scope: write `**`"),
        ("\"**\"", "\"p/*/v/d\"", "r:5: `*` in the scope `p/*/v/d` is not a name"),
        ("\"**\"", "\"p/a/v/d/i\"", "r:5: `p/a/v/d/i` is not a scope"),
        ("\"**\"", "\"**\"\nintents = []", "r:6: an empty list matches nothing"),
        ("\"**\"", "\"**\"\nintents = [\"a b\"]", "r:6: `a b` matches nothing"),
        ("\"**\"", "\"**\"\nuses = { clients = [\"*\"] }", "r:6: `clients` is for the role `author`"),
        ("\"**\"", "\"**\"\nuses = { queues = [\"*\"] }", "r:6: unknown field `queues`"),
        ("[[binding]]", "", "unknown field `name`"),
    ] {
        let text = sound.replacen(was, is, 1);
        let found = faults(&text);
        assert!(found[0].contains(fault), "{text}\n{found:?}");
    }
    assert_eq!(faults(""), ["r:1: has no `[[binding]]`, so nobody could do anything"]);
}

#[test]
fn all_faults_are_found_at_once() {
    let text = "[[binding]]\nname = \"b\"\nrole = \"boss\"\nsubjects = [\"x\"]\nscope = \"\"\n\
                [[binding]]\nname = \"b\"\nrole = \"viewer\"\nsubjects = [\"anonymous\"]\nscope = \"**\"\n";
    let found = faults(text);
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[0], "r:7: the binding in line 2 has the name `b` too");
}

#[test]
fn a_fault_of_a_policy_has_its_line() {
    for (text, fault) in [
        (
            "forbid(principal, action, resource);\n\npermit(principal, action, resource);",
            "p:3: policies can only forbid",
        ),
        ("forbid(principal, action, resource)\nwhen { context.time.yer == 1 };", "p:2: "),
        ("forbid(principal, action == Action::\"cancle\", resource);", "p:1: "),
        ("\nforbid(principal, action, resource", "p:2: "),
        ("forbid(principal == ?principal, action, resource);", "p:1: the template"),
        (
            "forbid(principal, action, resource); forbid(principal, action, resource);",
            "p:1: another policy begins",
        ),
    ] {
        let Faults(faults) = check_policies(&RightsFile { name: "p", text }).unwrap_err();
        assert!(faults[0].to_string().starts_with(fault), "{text}: {faults:?}");
    }
    assert!(check_policies(&RightsFile { name: "p", text: "// nothing yet\n" }).is_ok());
}
