use super::*;

fn faults(spec: &str, over_all: bool) -> Vec<String> {
    let json = format!(r#"{{"metadata":{{"name":"late"}},"spec":{spec}}}"#);
    let read = crate::read::<WorkflowRule>(json.as_bytes()).unwrap();
    assert!(read.unknown.is_empty(), "{:?}", read.unknown);
    read.value.faults(over_all).into_iter().map(|fault| fault.path).collect()
}

fn with_condition(when: &str) -> Vec<String> {
    faults(&format!(r#"{{"when":{when},"then":[{{"alarm":{{"probableCause":"workflowLate"}}}}]}}"#), false)
}

fn with_action(then: &str) -> Vec<String> {
    faults(&format!(r#"{{"when":{{"state":["Running"]}},"then":[{then}]}}"#), false)
}

const WHOLE: &str = r#"{
    "scope":{"compositeApp":"capp*","version":"v1","deploymentIntentGroup":"*","intent":"migrate-*"},
    "when":{"all":[
        {"state":["Running"]},{"runningFor":"30m"},{"not":{"historyOver":100}},
        {"any":[
            {"pendingActivity":{"type":"wait*","attempt":5,"lastFailure":"*refused*","pendingFor":"1m"}},
            {"queue":{"noPollersFor":"2m"}},{"queue":{"backlogOver":"2m"}},{"taskFailingAttempt":3},
            {"query":{"name":"progress","args":[1],"pointer":"/done","below":0.5}},
            {"query":{"name":"progress","equals":{"a":1}}},
            {"failures":{"atLeast":3,"within":"1h"}},{"notStartedFor":"24h"},{"startUnknownFor":"10m"},
            {"drifted":true},{"scheduleMissed":{"name":"night*","within":"2h"}}
        ]}
    ]},
    "for":"60s","clearFor":"2m","every":"15s",
    "then":[
        {"alarm":{"probableCause":"workflowLate","severity":"MAJOR","text":"it is late"},"once":"Run"},
        {"notify":{"text":"{{seen.workflowID}} is late"}},
        {"signal":{"name":"hurry","args":["up"]}},
        {"cancel":{"reason":"late","escalateAfter":"5m"}},
        {"terminate":{"reason":"late"}},
        {"start":{"compositeApp":"a","version":"v","deploymentIntentGroup":"d","intent":"i","start":{"workflowID":"x-{{uuid}}"}}}
    ]}"#;

#[test]
fn a_rule_reads_as_it_is_written() {
    assert_eq!(faults(WHOLE, false), Vec::<String>::new());
    let read: RuleSpec = serde_json::from_str(WHOLE).unwrap();
    let again: RuleSpec = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(again, read);
    assert_eq!((read.when.subject(), read.interval()), (RuleSubject::Run, "15s".parse().unwrap()));
    assert_eq!(read.then[0].once, Once::Run);
}

#[test]
fn each_fault_of_a_condition_has_its_path() {
    for (when, path) in [
        ("{}", ""),
        (r#"{"state":["Running"],"drifted":true}"#, ""),
        (r#"{"state":["Runing"]}"#, ".state[0]"),
        (r#"{"runningFor":"-1s"}"#, ".runningFor"),
        (r#"{"taskFailingAttempt":1}"#, ".taskFailingAttempt"),
        (r#"{"historyOver":-1}"#, ".historyOver"),
        (r#"{"failures":{"atLeast":0,"within":"1h"}}"#, ".failures.atLeast"),
        (r#"{"failures":{"atLeast":1}}"#, ".failures.within"),
        (r#"{"pendingActivity":{}}"#, ".pendingActivity"),
        (r#"{"queue":{}}"#, ".queue"),
        (r#"{"queue":{"noPollersFor":"1m","backlogOver":"1m"}}"#, ".queue"),
        (r#"{"query":{"name":"","above":1}}"#, ".query.name"),
        (r#"{"query":{"name":"q","pointer":"used","above":1}}"#, ".query.pointer"),
        (r#"{"query":{"name":"q","above":1,"below":2}}"#, ".query"),
        (r#"{"scheduleMissed":{"within":"-1s"}}"#, ".scheduleMissed.within"),
        (r#"{"all":[{"state":["Running"]},{"any":[{"not":{}}]}]}"#, ".all[1].any[0].not"),
    ] {
        assert_eq!(with_condition(when), [format!("$.spec.when{path}")], "{when}");
    }
    let deep = format!("{}{}{}", r#"{"not":"#.repeat(8), r#"{"drifted":true}"#, "}".repeat(8));
    assert_eq!(with_condition(&deep).len(), 1);
    let many = vec![r#"{"drifted":true}"#; 50].join(",");
    assert_eq!(with_condition(&format!(r#"{{"any":[{many}]}}"#)), ["$.spec.when"]);
}

#[test]
fn each_fault_of_an_action_has_its_path() {
    for (then, path) in [
        ("{}", "[0]"),
        (r#"{"cancel":{},"terminate":{}}"#, "[0]"),
        (r#"{"alarm":{}}"#, "[0].alarm.probableCause"),
        (r#"{"notify":{}}"#, "[0].notify.text"),
        (r#"{"signal":{}}"#, "[0].signal.name"),
        (r#"{"cancel":{"escalateAfter":"-1s"}}"#, "[0].cancel.escalateAfter"),
        (r#"{"start":{"intent":"a/b"}}"#, "[0].start.intent"),
    ] {
        assert_eq!(with_action(then), [format!("$.spec.then{path}")], "{then}");
    }
    let of_intents = r#"{"when":{"drifted":true},"then":[{"cancel":{}}]}"#;
    assert_eq!(faults(of_intents, false), ["$.spec.then[0]"]);
    let elsewhere =
        r#"{"scope":{"project":"p*"},"when":{"drifted":true},"then":[{"start":{"compositeApp":"a"}}]}"#;
    assert_eq!(faults(elsewhere, false), ["$.spec.scope.project"]);
    assert_eq!(faults(elsewhere, true), ["$.spec.then[0].start.compositeApp"]);
    assert_eq!(faults(r#"{"when":{"drifted":true}}"#, false), ["$.spec.then"]);
    assert_eq!(
        faults(r#"{"every":"9s","for":"-1s","when":{"drifted":true},"then":[{"start":{}}]}"#, false),
        ["$.spec.every", "$.spec.for"]
    );
}

#[test]
fn a_scope_covers_what_fits_all_its_patterns() {
    let scope: RuleScope = serde_json::from_str(r#"{"compositeApp":"c*","intent":"i"}"#).unwrap();
    let dig = crate::DigKey::new("p", "capp", "v", "d");
    assert!(scope.covers(&dig.intent("i")));
    assert!(!scope.covers(&dig.intent("ii")));
    assert!(!scope.covers(&crate::DigKey::new("p", "app", "v", "d").intent("i")));
}
