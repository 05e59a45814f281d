//! Every action, by every role, in scope and out of it.

use std::collections::HashMap;

use bridge_core::App;
use bridge_core::access::Action;
use bridge_core::model::{AlarmObject, DigKey, ProbableCause, Raised};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Guarded, intent};

/// The scope of the bindings.
pub(super) const DIG1: &str = "proj1/capp1/v1/dig1";
/// The rules of two projects, and those over all projects.
const PROJ1: &str = "/v2/projects/proj1/workflow-rules";
const PROJ2: &str = "/v2/projects/proj2/workflow-rules";
const OVER_ALL: &str = "/v2/workflow-rules";
/// The roles, by their letters in the table.
pub(super) const ROLES: [(char, &str); 4] =
    [('v', "viewer"), ('a', "author"), ('o', "operator"), ('m', "administrator")];

/// The roles that may do each action.
const EXPECTED: [(Action, &str); Action::ALL.len()] = [
    (Action::CreateIntent, "a"),
    (Action::PutIntent, "a"),
    (Action::RollBackIntent, "a"),
    (Action::DeleteIntent, "a"),
    (Action::GetIntent, "vaom"),
    (Action::ListIntents, "vaom"),
    (Action::ListGroups, "vaom"),
    (Action::SearchIntents, "vaom"),
    (Action::ListClients, "aom"),
    (Action::CheckIntent, "a"),
    (Action::ListChanges, "vaom"),
    (Action::GetRevision, "vaom"),
    (Action::Start, "om"),
    (Action::PreviewStart, "aom"),
    (Action::ListRuns, "vaom"),
    (Action::SearchRuns, "vaom"),
    (Action::GetRun, "vaom"),
    (Action::Status, "vom"),
    (Action::History, "om"),
    (Action::Follow, "om"),
    (Action::Cancel, "om"),
    (Action::Terminate, "m"),
    (Action::Pause, "om"),
    (Action::Unpause, "om"),
    (Action::Signal, "om"),
    (Action::Query, "om"),
    (Action::Update, "om"),
    (Action::Reset, "m"),
    // It is about more than a group.
    (Action::ReadAudit, ""),
    (Action::VerifyAudit, ""),
    (Action::ReadSettings, ""),
    (Action::ListSchedules, "vaom"),
    (Action::SearchSchedules, "vaom"),
    (Action::GetSchedule, "vaom"),
    (Action::PutSchedule, "om"),
    (Action::DeleteSchedule, "om"),
    (Action::ListScheduleChanges, "vaom"),
    (Action::GetScheduleRevision, "vaom"),
    (Action::ScheduleStatus, "vaom"),
    (Action::PreviewSchedule, "vaom"),
    (Action::PauseSchedule, "om"),
    (Action::ResumeSchedule, "om"),
    (Action::TriggerSchedule, "om"),
    (Action::BackfillSchedule, "om"),
    (Action::ListAlarms, "vom"),
    (Action::GetAlarm, "vom"),
    (Action::CountAlarms, "vom"),
    (Action::FollowAlarms, "vom"),
    (Action::AcknowledgeAlarm, "om"),
    (Action::ClearAlarm, "om"),
    (Action::CommentAlarm, "om"),
    (Action::ListAlarmSubscriptions, ""),
    (Action::CreateAlarmSubscription, ""),
    (Action::DeleteAlarmSubscription, ""),
    (Action::ListAlarmDeliveries, ""),
    (Action::RetryAlarmDelivery, ""),
    (Action::DiscardAlarmDelivery, ""),
    // They are about the whole project.
    (Action::ListRules, ""),
    (Action::SearchRules, "vaom"),
    (Action::GetRule, ""),
    (Action::PutRule, ""),
    (Action::DeleteRule, ""),
    (Action::ListRuleChanges, ""),
    (Action::GetRuleRevision, ""),
    (Action::ListDecisions, ""),
    (Action::RehearseRule, ""),
];

/// Those of them that are about no group: `searches_show_what_the_caller_may_see` has them.
const SEARCHES: [Action; 5] = [
    Action::SearchIntents,
    Action::ListClients,
    Action::SearchRuns,
    Action::SearchSchedules,
    Action::SearchRules,
];

/// The roles that may do each action on rules.
const ABOUT_RULES: [(Action, &str); 8] = [
    (Action::ListRules, "vaom"),
    (Action::GetRule, "vaom"),
    (Action::PutRule, "om"),
    (Action::DeleteRule, "om"),
    (Action::ListRuleChanges, "vaom"),
    (Action::GetRuleRevision, "vaom"),
    (Action::ListDecisions, "om"),
    (Action::RehearseRule, "om"),
];

/// Returns the bindings: for each role a user who has it in this scope, and one who has it there for the intents
/// `in-*`.
pub(super) fn bindings(scope: &str) -> String {
    let mut text = String::new();
    for (_, role) in ROLES {
        let uses = match role {
            "author" => "uses = { clients = [\"*\"], taskQueues = [\"*\"] }\n",
            _ => "",
        };
        for (user, intents) in [("", ""), ("some-", "intents = [\"in-*\"]\n")] {
            text += &format!(
                "[[binding]]\nname = \"{user}{role}\"\nrole = \"{role}\"\nsubjects = [{{ proxyUser = \"{user}{role}\" }}]\n\
                 scope = \"{scope}\"\n{intents}{uses}"
            );
        }
    }
    text + super::EVERYTHING_OF_ALICE
}

/// Builds a request about alarms; `id` is that of an alarm of the intent.
fn about_alarms(
    bridge: &Guarded,
    user: &str,
    action: Action,
    (group, name, id): (&str, &str, &str),
) -> Option<RequestBuilder> {
    let (get, post) = (Method::GET, Method::POST);
    let scope = format!("scope=proj1/capp1/v1/{group}/{name}");
    let (method, path, body) = match action {
        Action::ListAlarms => (get, format!("/v2/alarms?{scope}"), ""),
        Action::GetAlarm => (get, format!("/v2/alarms/{id}"), ""),
        Action::CountAlarms => (get, format!("/v2/alarms/counts?{scope}"), ""),
        Action::FollowAlarms => (get, format!("/v2/alarms/events?{scope}"), ""),
        Action::AcknowledgeAlarm => {
            (Method::PATCH, format!("/v2/alarms/{id}"), r#"{"ackState":"UNACKNOWLEDGED"}"#)
        }
        Action::ClearAlarm => {
            (Method::PATCH, format!("/v2/alarms/{id}"), r#"{"perceivedSeverity":"CLEARED"}"#)
        }
        Action::CommentAlarm => (post, format!("/v2/alarms/{id}/comments"), r#"{"commentText":"c"}"#),
        Action::ListAlarmSubscriptions => (get, "/v2/alarm-subscriptions".to_owned(), ""),
        Action::CreateAlarmSubscription => {
            (post, "/v2/alarm-subscriptions".to_owned(), r#"{"consumerReference":"http://a"}"#)
        }
        Action::DeleteAlarmSubscription => (Method::DELETE, "/v2/alarm-subscriptions/a".to_owned(), ""),
        Action::ListAlarmDeliveries => (get, "/v2/alarm-deliveries".to_owned(), ""),
        Action::RetryAlarmDelivery => (post, "/v2/alarm-deliveries/1/retry".to_owned(), ""),
        Action::DiscardAlarmDelivery => (Method::DELETE, "/v2/alarm-deliveries/1".to_owned(), ""),
        _ => return None,
    };
    let request = bridge.request(user, method, &path).body(body);
    Some(if action == Action::FollowAlarms { request.header("accept", "text/event-stream") } else { request })
}

/// Builds a request about a rule, or about all below this path.
fn about_rules(bridge: &Guarded, user: &str, action: Action, base: &str) -> Option<RequestBuilder> {
    let rule = r#"{"spec":{"when":{"drifted":true},"then":[{"alarm":{"probableCause":"intentDrifted"}}]}}"#;
    let (method, below, body) = match action {
        Action::ListRules => (Method::GET, "", ""),
        Action::GetRule => (Method::GET, "/r", ""),
        Action::PutRule => (Method::PUT, "/r", rule),
        Action::DeleteRule => (Method::DELETE, "/r", ""),
        Action::ListRuleChanges => (Method::GET, "/r/revisions", ""),
        Action::GetRuleRevision => (Method::GET, "/r/revisions/1", ""),
        Action::ListDecisions => (Method::GET, "/r/decisions", ""),
        Action::RehearseRule => (Method::POST, "/r/rehearse", rule),
        _ => return None,
    };
    Some(bridge.request(user, method, &format!("{base}{below}")).body(body))
}

fn request(bridge: &Guarded, user: &str, action: Action, group: &str, name: &str) -> RequestBuilder {
    let (get, post) = (Method::GET, Method::POST);
    let with = |spec: Value| json!({"metadata": {"name": ""}, "spec": spec});
    let (method, path, body) = match action {
        Action::CreateIntent => (post, "?dryRun=All", intent(name)),
        Action::ListIntents => (get, "", Value::Null),
        Action::PutIntent => (Method::PUT, "/NAME?dryRun=All", intent(name)),
        Action::RollBackIntent => (post, "/NAME/rollback?dryRun=All", with(json!({"revision": "1"}))),
        Action::DeleteIntent => (Method::DELETE, "/NAME?dryRun=All", Value::Null),
        Action::GetIntent => (get, "/NAME", Value::Null),
        Action::CheckIntent => (get, "/NAME/check", Value::Null),
        Action::ListChanges => (get, "/NAME/revisions", Value::Null),
        Action::GetRevision => (get, "/NAME/revisions/1", Value::Null),
        Action::Start => (post, "/NAME/start", with(json!({}))),
        Action::PreviewStart => (post, "/NAME/start?dryRun=All", with(json!({}))),
        Action::ListRuns => (get, "/NAME/runs", Value::Null),
        Action::GetRun => (get, "/NAME/runs/run", Value::Null),
        Action::Status => (get, "/NAME/status?runDescribeWfExec=true", Value::Null),
        Action::History => (get, "/NAME/status?getWfHistory=true", Value::Null),
        Action::Follow => (get, "/NAME/status", Value::Null),
        Action::Cancel => (post, "/NAME/cancel", with(json!({}))),
        Action::Terminate => (post, "/NAME/terminate", with(json!({}))),
        Action::Pause => (post, "/NAME/pause", with(json!({}))),
        Action::Unpause => (post, "/NAME/unpause", with(json!({}))),
        Action::Signal => (post, "/NAME/signal", with(json!({"name": "s"}))),
        Action::Query => (post, "/NAME/query", with(json!({"type": "q"}))),
        Action::Update => (post, "/NAME/update", with(json!({"name": "u"}))),
        Action::Reset => (post, "/NAME/reset", with(json!({"to": "FirstWorkflowTask"}))),
        Action::ListSchedules => (get, "/NAME/schedules", Value::Null),
        Action::GetSchedule => (get, "/NAME/schedules/s", Value::Null),
        Action::PutSchedule => (Method::PUT, "/NAME/schedules/s", with(json!({"crons": ["@daily"]}))),
        Action::DeleteSchedule => (Method::DELETE, "/NAME/schedules/s", Value::Null),
        Action::ListScheduleChanges => (get, "/NAME/schedules/s/revisions", Value::Null),
        Action::GetScheduleRevision => (get, "/NAME/schedules/s/revisions/1", Value::Null),
        Action::ScheduleStatus => (get, "/NAME/schedules/s/status", Value::Null),
        Action::PreviewSchedule => (get, "/NAME/schedules/s/preview", Value::Null),
        Action::PauseSchedule => (post, "/NAME/schedules/s/pause", Value::Null),
        Action::ResumeSchedule => (post, "/NAME/schedules/s/resume", Value::Null),
        Action::TriggerSchedule => (post, "/NAME/schedules/s/trigger", Value::Null),
        Action::BackfillSchedule => (
            post,
            "/NAME/schedules/s/backfill",
            with(json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"})),
        ),
        Action::ListGroups => return bridge.request(user, get, "/v2/deployment-intent-groups"),
        Action::ReadAudit => return bridge.request(user, get, "/v2/audit"),
        Action::VerifyAudit => return bridge.request(user, get, "/v2/audit/batches"),
        Action::ReadSettings => return bridge.request(user, get, "/ui/settings"),
        _ => unreachable!("it is about alarms or rules"),
    };
    let path = format!("{group}/temporal-workflow-intents{}", path.replace("NAME", name));
    let request = bridge.call(user, method, &path);
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    if action == Action::Follow { request.header("accept", "text/event-stream") } else { request }
}

/// Whether the caller was permitted, whatever else has failed.
async fn is_permitted(request: RequestBuilder) -> bool {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    // A stream has no end.
    if status.is_success() {
        return true;
    }
    let problem: Value = answer.json().await.unwrap();
    let unread = ["not_json", "invalid_body", "invalid_parameter", "no_such_path", "method_not_allowed"];
    assert!(!unread.iter().any(|code| problem["code"] == *code), "{problem}");
    assert_eq!(status == 403, problem["code"] == "forbidden", "{problem}");
    status != 403
}

/// 65 actions, without the searches: each by four roles in four places, and by nobody; 1037 expectations.
#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_its_actions_in_its_scope_and_no_others() {
    assert_eq!(EXPECTED.map(|(action, _)| action), Action::ALL);
    let bridge = Guarded::new(&bindings(DIG1)).await;
    for name in ["in-1", "out-1"] {
        for group in ["dig1", "dig2"] {
            assert_eq!(bridge.create("alice", group, name).await, 201);
        }
    }
    let own = App::new(bridge.api.parts()).alarms;
    let mut alarms = HashMap::new();
    for name in ["in-1", "out-1"] {
        for group in ["dig1", "dig2"] {
            let object = AlarmObject::intent(&DigKey::new("proj1", "capp1", "v1", group).intent(name));
            let raised = Raised::new(object, ProbableCause::WorkflowFailed, "");
            alarms.insert((group, name), own.raise(&raised).await.unwrap().as_str().to_owned());
        }
    }
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (action, roles) in EXPECTED.into_iter().filter(|(action, _)| !SEARCHES.contains(action)) {
        let mut cells = vec![("", "dig1", "in-1", false)];
        let users: Vec<_> = ROLES.map(|(letter, role)| (letter, role, format!("some-{role}"))).into();
        for (letter, role, some) in &users {
            let expected = roles.contains(*letter);
            cells.extend([
                (*role, "dig1", "out-1", expected),
                // It is asked about each group.
                (*role, "dig2", "in-1", expected && action == Action::ListGroups),
                (some, "dig1", "in-1", expected),
                // A list is about the group, and shows what the caller may see.
                (
                    some,
                    "dig1",
                    "out-1",
                    expected && [Action::ListIntents, Action::ListGroups].contains(&action),
                ),
            ]);
        }
        for (user, group, name, expected) in cells {
            checked += 1;
            let alarm = &alarms[&(group, name)];
            let request = about_alarms(&bridge, user, action, (group, name, alarm))
                .or_else(|| about_rules(&bridge, user, action, PROJ1))
                .unwrap_or_else(|| request(&bridge, user, action, group, name));
            if is_permitted(request).await != expected {
                wrong.push(format!("{action:?} by `{user}` on {group}/{name}: expected {expected}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(checked, 1037);
}

/// Who has a role in the whole project has it for its rules, but not with `intents`.
#[tokio::test(flavor = "multi_thread")]
async fn rules_need_a_binding_for_all_that_they_are_about() {
    for (scope, covered) in
        [("proj1/**", &[PROJ1][..]), ("**", &[PROJ1, PROJ2, OVER_ALL]), ("proj1/capp1/**", &[])]
    {
        let bridge = Guarded::new(&bindings(scope)).await;
        let mut wrong = Vec::new();
        for (action, roles) in ABOUT_RULES {
            for (letter, role) in ROLES {
                for base in [PROJ1, PROJ2, OVER_ALL] {
                    let expected = covered.contains(&base) && roles.contains(letter);
                    for (user, expected) in [(role.to_owned(), expected), (format!("some-{role}"), false)] {
                        let request = about_rules(&bridge, &user, action, base).unwrap();
                        if is_permitted(request).await != expected {
                            wrong.push(format!("{action:?} by `{user}` on {base}: expected {expected}"));
                        }
                    }
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new(), "{scope}");
        for (asked, base) in [("proj1", PROJ1), ("proj2", PROJ2), ("**", OVER_ALL)] {
            let right = bridge.rights("operator", &format!("scope={asked}&verb=put-rule")).await;
            assert_eq!(right["allowed"], covered.contains(&base), "{scope} {asked} {right}");
        }
        // For an intent, a verb on rules is about the project.
        let right = bridge.rights("operator", "scope=proj1/capp1/v1/dig1/in-1&verb=put-rule").await;
        assert_eq!(right["allowed"], covered.contains(&PROJ1), "{scope} {right}");
    }
}

#[tokio::test]
async fn the_audit_is_for_administrators_of_everything() {
    let bridge = Guarded::new(&bindings("**")).await;
    for (_, role) in ROLES {
        for user in [role.to_owned(), format!("some-{role}")] {
            let permitted = is_permitted(bridge.request(&user, Method::GET, "/v2/audit")).await;
            assert_eq!(permitted, user == "administrator", "{user}");
            let right = bridge.rights(&user, "scope=proj1/capp1/v1/dig1&verb=read-audit").await;
            assert_eq!(right["allowed"], permitted, "{user}");
        }
    }
}

#[tokio::test]
async fn results_and_queries_in_a_status_need_their_own_rights() {
    let bridge = Guarded::new(&bindings(DIG1)).await;
    assert_eq!(bridge.create("alice", "dig1", "in-1").await, 201);
    let status = async |user: &str, query: &str| {
        let path = format!("dig1/temporal-workflow-intents/in-1/status?{query}");
        is_permitted(bridge.call(user, Method::GET, &path)).await
    };
    for query in ["waitForResult=true&timeout=1ms", "getWfHistory=true", "queryType=q"] {
        assert!(!status("viewer", query).await, "{query}");
        assert!(status("operator", query).await, "{query}");
    }
    assert!(status("viewer", "").await);
}
