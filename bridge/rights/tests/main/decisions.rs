//! Decisions of bindings and policies.

use bridge_core::access::{Action, Ground, Named, Resource};
use bridge_core::{Actor, Proof};

use super::{dig, request, rights, token, with_policies};

const OPERATORS: &str = r#"
[[binding]]
name = "operators"
role = "operator"
subjects = [{ token = "alice" }]
scope = "p/a/**"
intents = ["migrate-*", "backup"]

[[binding]]
name = "viewers"
role = "viewer"
subjects = ["authenticated"]
scope = "p/**"
"#;

#[test]
fn a_decision_names_its_binding_or_the_nearest_reason() {
    let rights = rights(OPERATORS);
    let decide = |who: &str, action, name: &str, group: &str| {
        let key = dig(group).intent(name);
        rights.decide(&token(who), action, &Resource::Intent(&key), None)
    };
    let by = |binding: &str, role| Ok(Ground { binding: Some(binding.to_owned()), role: Some(role) });
    assert_eq!(decide("alice", Action::Cancel, "migrate-1", "d"), by("operators", "operator"));
    assert_eq!(decide("alice", Action::Cancel, "backup", "d"), by("operators", "operator"));
    assert_eq!(decide("alice", Action::GetIntent, "other", "d"), by("viewers", "viewer"));
    let denied = |who: &str, action, name: &str| decide(who, action, name, "d").unwrap_err();
    assert_eq!(
        denied("alice", Action::Cancel, "backup-2"),
        "the binding `operators` is for the intents `migrate-*`, `backup` only"
    );
    assert_eq!(
        denied("bob", Action::Cancel, "backup"),
        "the binding `viewers` gives the role viewer, which does not include it"
    );
    let anonymous = request(Actor::default());
    let group = dig("d");
    let reason = rights.decide(&anonymous, Action::ListIntents, &Resource::Group(&group), None).unwrap_err();
    assert_eq!(reason, "no binding is for anonymous callers");
    let elsewhere = bridge_core::model::DigKey::new("q", "a", "v", "d");
    let reason =
        rights.decide(&token("bob"), Action::GetIntent, &Resource::Group(&elsewhere), None).unwrap_err();
    assert_eq!(reason, "the binding `viewers` is for `p/**` only");
}

#[test]
fn how_a_caller_was_proven_is_a_part_of_the_subject() {
    let bindings = r#"
[[binding]]
name = "b"
role = "viewer"
subjects = [SUBJECT]
scope = "**"
"#;
    let issued = |name: &str, issuer: &str, groups: &[&str]| {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Actor::new(name, Proof::Issuer).issued(issuer, groups)
    };
    let actors = [
        Actor::new("alice", Proof::Token),
        Actor::new("alice", Proof::Certificate),
        Actor::new("alice", Proof::Proxy),
        issued("alice", "corp", &[]),
        issued("alice", "other", &[]),
        issued("bob", "corp", &["alice", "ops"]),
        issued("bob", "other", &["ops"]),
        issued("system:serviceaccount:ns:sa", "kube", &[]),
        issued("system:serviceaccount:ns:sa", "corp", &[]),
        Actor::default(),
        Actor::new("schedule/p/a/v/d/i/s", Proof::Schedule),
        Actor::new("rule/p/late", Proof::Rule),
        Actor::new("rule/*/late", Proof::Rule),
    ];
    for (subject, found) in [
        ("{ token = \"alice\" }", &[0][..]),
        ("{ certificate = \"alice\" }", &[1]),
        ("{ proxyUser = \"alice\" }", &[2]),
        ("{ user = \"alice\", issuer = \"corp\" }", &[3]),
        ("{ group = \"alice\", issuer = \"corp\" }", &[5]),
        ("{ group = \"ops\", issuer = \"other\" }", &[6]),
        ("{ serviceAccount = \"ns/sa\", issuer = \"kube\" }", &[7]),
        ("\"anonymous\"", &[9]),
        ("\"authenticated\"", &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("\"schedules\"", &[10]),
        ("{ schedule = \"p/a/v/d/i/s\" }", &[10]),
        ("\"rules\"", &[11, 12]),
        ("{ rule = \"p/late\" }", &[11]),
        ("{ rule = \"*/late\" }", &[12]),
        // Quotes, and what else Cedar escapes.
        ("{ token = \"a\\\"b\\\\c\\u0007*\" }", &[]),
    ] {
        let rights = rights(&bindings.replace("SUBJECT", subject));
        let key = dig("d").intent("i");
        let allowed = actors.iter().enumerate().filter_map(|(number, actor)| {
            let decided =
                rights.decide(&request(actor.clone()), Action::GetIntent, &Resource::Intent(&key), None);
            decided.is_ok().then_some(number)
        });
        assert_eq!(allowed.collect::<Vec<_>>(), found, "{subject}");
    }
}

#[test]
fn what_an_intent_names_must_be_in_one_binding() {
    let rights = rights(
        r#"
[[binding]]
name = "a"
role = "author"
subjects = [{ token = "alice" }]
scope = "p/**"
uses = { clients = ["*.a.svc:9090/*"], taskQueues = ["a-*", "a \"quoted\" queue"], workflows = ["a-*"] }

[[binding]]
name = "b"
role = "author"
subjects = [{ token = "alice" }]
scope = "p/**"
uses = { clients = ["b.svc:9090/move"], taskQueues = ["*"] }

[[binding]]
name = "c"
role = "operator"
subjects = [{ token = "bob" }]
scope = "p/**"
"#,
    );
    let key = dig("d").intent("i");
    let names = |who: &str, action, named: Named<'_>| {
        rights.decide(&token(who), action, &Resource::Intent(&key), Some(&named))
    };
    for (client, queue, workflow, allowed) in [
        ("x.a.svc:9090/move", "a-1", "a-{{run}}", Some("a")),
        ("x.a.svc:9090/move", "a \"quoted\" queue", "a-", Some("a")),
        ("x.a.svc:9090/move", "b-1", "a-1", None),
        ("x.a.svc:9090/move", "a-1", "b", None),
        ("x.a.svc:9091/move", "a-1", "a-1", None),
        ("b.svc:9090/move", "anything", "anything", Some("b")),
        ("b.svc:9090/other", "anything", "anything", None),
    ] {
        let named = Named {
            client: Some(client),
            task_queue: Some(queue),
            workflow: Some(workflow),
            ..Named::default()
        };
        let decided = names("alice", Action::PutIntent, named);
        assert_eq!(decided.ok().and_then(|ground| ground.binding).as_deref(), allowed, "{named:?}");
    }
    let other = Named { other_workflow: Some("w"), ..Named::default() };
    let reason = names("bob", Action::Cancel, other).unwrap_err();
    assert_eq!(reason, "the binding `c` does not let it use the workflow `w`");
    assert!(names("bob", Action::Start, Named { workflow: Some("w"), ..Named::default() }).is_ok());
    assert!(names("bob", Action::Status, Named { namespace: Some("n"), ..Named::default() }).is_err());
    assert!(names("bob", Action::Status, Named { server: Some("s:1"), ..Named::default() }).is_err());
}

#[test]
fn policies_forbid_what_bindings_allow() {
    let rights = with_policies(
        OPERATORS,
        "forbid(principal, action in Action::\"operate\", resource == Dig::\"p/a/v/d\")\n\
         when { context.time.weekday == 7 && context.time.date == 20261129 && context.time.minute < 180 };\n\
         \n\
         forbid(principal == Token::\"alice\", action == Action::\"get\", resource) when { resource is Intent && resource.name == \"x\" }\n\
         unless { context.time.epoch < 0 };\n",
    );
    let decide = |action, name: &str| {
        let key = dig("d").intent(name);
        rights.decide(&token("alice"), action, &Resource::Intent(&key), None)
    };
    assert!(decide(Action::Cancel, "backup").is_ok());
    assert_eq!(decide(Action::GetIntent, "x").unwrap_err(), "the policy forbid.cedar:4 forbids it");
    let group = dig("d");
    let listed = rights.decide(&token("alice"), Action::ListIntents, &Resource::Group(&group), None);
    assert_eq!(listed.unwrap_err(), "the policy forbid.cedar:1 forbids it");
}

#[test]
fn rules_of_a_project_need_a_binding_for_all_of_it() {
    let bindings = |scope: &str, intents: &str| {
        format!(
            "[[binding]]\nname = \"b\"\nrole = \"operator\"\nsubjects = [{{ token = \"alice\" }}]\n\
             scope = \"{scope}\"\n{intents}"
        )
    };
    let some = "intents = [\"*\"]\n";
    let only = |scope: &str| Some(format!("the binding `b` is for `{scope}` only"));
    let intents = || Some("the binding `b` is for the intents `*` only".to_owned());
    for (scope, list, of_project, of_all) in [
        ("**", "", None, None),
        ("p/**", "", None, only("p/**")),
        ("q/**", "", only("q/**"), only("q/**")),
        ("p/a/**", "", only("p/a/**"), only("p/a/**")),
        ("p/a/v/d", "", only("p/a/v/d"), only("p/a/v/d")),
        ("**", some, intents(), intents()),
        ("p/**", some, intents(), only("p/**")),
    ] {
        let rights = rights(&bindings(scope, list));
        let decided = |action, resource| rights.decide(&token("alice"), action, &resource, None).err();
        // Who writes a rule needs the rights of what it does, in the whole project.
        for action in [Action::PutRule, Action::ListRules, Action::RehearseRule, Action::Cancel] {
            assert_eq!(decided(action, Resource::Project("p")), of_project, "{scope} {list} {action:?}");
            assert_eq!(decided(action, Resource::Bridge), of_all, "{scope} {list} {action:?}");
        }
    }
    let rights = with_policies(
        &bindings("**", ""),
        "forbid(principal, action == Action::\"put-rule\", resource in Project::\"p\");",
    );
    let decided = |resource| rights.decide(&token("alice"), Action::PutRule, &resource, None).err();
    assert_eq!(decided(Resource::Project("p")).as_deref(), Some("the policy forbid.cedar:1 forbids it"));
    assert_eq!(decided(Resource::Project("q")), None);
    assert_eq!(decided(Resource::Bridge), None);
}
