//! Rules: what their terms see, and the course of their decisions against a simple model.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use bridge_core::model::{
    ActivitySeen, Course, DecisionStep, FactSource, Facts, QueueSeen, RunDetail, RunSeen, judge, value_key,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use workflow_api::{ActionState, Condition, DecisionState, Once, RuleAction, Term, TermState, WorkflowState};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn condition(json: &serde_json::Value) -> Condition {
    serde_json::from_value(json.clone()).unwrap()
}

/// What is seen at second 1,000 of a run that was started at second 100.
fn facts() -> Facts {
    let query = condition(&json!({"query": {"name": "q", "pointer": "/a", "above": 1}})).query.unwrap();
    Facts {
        idle_since: Some(at(100)),
        failed: vec![at(900), at(500)],
        start_unknown_since: Some(at(700)),
        run: Some(RunSeen {
            state: Some(WorkflowState::Running),
            started: Some(at(100)),
            ..RunSeen::default()
        }),
        detail: Some(RunDetail {
            activities: vec![ActivitySeen {
                kind: "wait-for-app".to_owned(),
                attempt: 5,
                scheduled: Some(at(400)),
                last_failure: "connection refused by emco".to_owned(),
            }],
            task_attempt: 3,
            history_length: 42,
            task_queue: "q".into(),
        }),
        queue: Some(QueueSeen { empty_since: Some(at(800)), waits_since: Some(at(950)) }),
        values: [(value_key(&query), Some(37.into()))].into(),
        drifted: Some(true),
        missed: Some([("nightly".to_owned(), at(600))].into()),
        ..Facts::default()
    }
}

#[test]
fn each_term_holds_or_does_not() {
    for (holds, does_not) in [
        (json!({"state": ["Running", "Paused"]}), json!({"state": ["Failed"]})),
        (json!({"runningFor": "899s"}), json!({"runningFor": "900s"})),
        (json!({"notStartedFor": "14m"}), json!({"notStartedFor": "15m"})),
        (
            json!({"failures": {"atLeast": 2, "within": "500s"}}),
            json!({"failures": {"atLeast": 2, "within": "499s"}}),
        ),
        (json!({"pendingActivity": {"type": "wait-*"}}), json!({"pendingActivity": {"type": "wait"}})),
        (json!({"pendingActivity": {"attempt": 5}}), json!({"pendingActivity": {"attempt": 6}})),
        (
            json!({"pendingActivity": {"lastFailure": "*refused*"}}),
            json!({"pendingActivity": {"lastFailure": "refused"}}),
        ),
        (
            json!({"pendingActivity": {"pendingFor": "599s"}}),
            json!({"pendingActivity": {"pendingFor": "10m"}}),
        ),
        (json!({"taskFailingAttempt": 3}), json!({"taskFailingAttempt": 4})),
        (json!({"queue": {"noPollersFor": "199s"}}), json!({"queue": {"noPollersFor": "200s"}})),
        (json!({"queue": {"backlogOver": "49s"}}), json!({"queue": {"backlogOver": "50s"}})),
        (json!({"historyOver": 41}), json!({"historyOver": 42})),
        (
            json!({"query": {"name": "q", "pointer": "/a", "above": 36.5}}),
            json!({"query": {"name": "q", "pointer": "/a", "above": 37}}),
        ),
        (
            json!({"query": {"name": "q", "pointer": "/a", "equals": 37}}),
            json!({"query": {"name": "q", "pointer": "/a", "below": 37}}),
        ),
        (json!({"startUnknownFor": "299s"}), json!({"startUnknownFor": "300s"})),
        (json!({"drifted": true}), json!({"not": {"drifted": true}})),
        (
            json!({"scheduleMissed": {"name": "night*", "within": "400s"}}),
            json!({"scheduleMissed": {"within": "399s"}}),
        ),
        (json!({"scheduleMissed": {}}), json!({"scheduleMissed": {"name": "daily"}})),
    ] {
        for (when, expected) in [(holds, true), (does_not, false)] {
            let judged = judge(&condition(&when), &facts(), at(1000));
            assert_eq!(judged.holds, Some(expected), "{when}: {:?}", judged.why);
        }
    }
}

#[test]
fn of_a_run_that_has_closed_only_its_state_holds() {
    let mut facts = facts();
    facts.run.as_mut().unwrap().state = Some(WorkflowState::Failed);
    assert_eq!(judge(&condition(&json!({"state": ["Failed"]})), &facts, at(1000)).holds, Some(true));
    for when in [
        json!({"runningFor": "1s"}),
        json!({"pendingActivity": {"attempt": 1}}),
        json!({"taskFailingAttempt": 2}),
        json!({"queue": {"noPollersFor": "1s"}}),
        json!({"historyOver": 1}),
        json!({"query": {"name": "q", "pointer": "/a", "above": 1}}),
    ] {
        assert_eq!(judge(&condition(&when), &facts, at(1000)).holds, Some(false), "{when}");
    }
}

#[test]
fn only_what_can_decide_is_looked_at() {
    let mut facts = Facts { run: facts().run, ..Facts::default() };
    let of = |json| condition(&json);
    let undecided = |when: &Condition, facts: &Facts| {
        let judged = judge(when, facts, at(1000));
        (judged.holds, judged.needs.into_iter().collect::<Vec<_>>())
    };
    let pending = json!({"pendingActivity": {"attempt": 5}});
    let decided = of(json!({"all": [{"state": ["Failed"]}, pending.clone()]}));
    assert_eq!(undecided(&decided, &facts), (Some(false), vec![]));
    let why = judge(&decided, &facts, at(1000)).why;
    assert_eq!(why.terms[1].state, TermState::NotNeeded);
    let open = of(json!({"all": [{"state": ["Running"]}, pending, {"drifted": true}]}));
    assert_eq!(undecided(&open, &facts), (None, vec![FactSource::Detail, FactSource::Client]));
    facts.broken.insert(FactSource::Client, "the client is away".to_owned());
    facts.detail = self::facts().detail;
    assert_eq!(undecided(&open, &facts), (None, vec![]));
    assert_eq!(judge(&open, &facts, at(1000)).why.terms[2].seen, "the client is away");
    // What is broken does not matter where another term decides.
    let any = of(json!({"any": [{"drifted": true}, {"state": ["Running"]}]}));
    assert_eq!(judge(&any, &facts, at(1000)).holds, Some(true));
}

#[test]
fn a_value_that_cannot_be_compared_decides_nothing() {
    let above = condition(&json!({"query": {"name": "q", "pointer": "/a", "above": 1}}));
    for value in [None, Some("text".into())] {
        let mut facts = facts();
        facts.values = [(value_key(above.query.as_ref().unwrap()), value)].into();
        let judged = judge(&above, &facts, at(1000));
        assert_eq!((judged.holds, judged.why.state), (None, TermState::Unknown));
        assert!(!judged.why.seen.is_empty());
    }
}

#[test]
fn facts_of_two_rules_add_up() {
    let (all, now) = (facts(), Facts { run: facts().run, ..Facts::default() });
    let added = now.clone().after(&all);
    assert_eq!(added, Facts { start_unknown_since: None, ..all.clone() });
    // What is seen now counts.
    let drifted = Facts { drifted: Some(false), failed: vec![at(990)], ..now };
    let added = drifted.after(&all);
    assert_eq!((added.drifted, added.failed), (Some(false), vec![at(990)]));
}

#[test]
fn an_action_that_is_done_once_for_a_run_is_skipped_later() {
    let actions: Vec<RuleAction> =
        serde_json::from_value(json!([{"start": {}, "once": "Run"}, {"notify": {"text": "a"}}])).unwrap();
    let mut course = Course::default();
    let zero = (SignedDuration::ZERO, SignedDuration::ZERO);
    for episode in 1..=2 {
        assert_eq!(course.step(Some(true), &Term::default(), at(episode * 10), zero), DecisionStep::Fires);
        course.plan(&actions);
        let due = if episode == 1 { vec![0, 1] } else { vec![1] };
        assert_eq!(course.due(), due);
        for place in due {
            course.note(place, actions[place].once, ActionState::Done, String::new());
        }
        assert_eq!(
            course.step(Some(false), &Term::default(), at(episode * 10 + 1), zero),
            DecisionStep::Clears
        );
    }
    assert_eq!(course.decision.actions[0].state, ActionState::Skipped);
    assert_eq!(actions[1].once, Once::Episode);
}

/// What a rule has to do: it fires once the condition has held for `hold` without a break, and clears once it has
/// not held for `clear` without a break.
fn model(looks: &[(i64, Option<bool>)], hold: i64, clear: i64) -> Vec<(i64, bool)> {
    let (mut fired, mut since, mut changes) = (false, None, Vec::new());
    for (now, holds) in looks {
        let Some(holds) = holds else { continue };
        if *holds == fired {
            since = None;
        } else {
            let began = *since.get_or_insert(*now);
            if now - began >= if fired { clear } else { hold } {
                fired = !fired;
                since = None;
                changes.push((*now, fired));
            }
        }
    }
    changes
}

proptest! {
    #[test]
    fn a_course_acts_and_clears_as_the_model_does(
        looks in prop::collection::vec((1..20_i64, prop::option::weighted(0.9, any::<bool>())), 0..100),
        hold in 0..60_i64,
        clear in 0..60_i64,
    ) {
        let mut now = 0;
        let looks: Vec<_> = looks.into_iter().map(|(pause, holds)| { now += pause; (now, holds) }).collect();
        let (mut course, mut changes) = (Course::default(), Vec::new());
        let times = (SignedDuration::from_secs(hold), SignedDuration::from_secs(clear));
        for (now, holds) in &looks {
            match course.step(*holds, &Term::default(), at(*now), times) {
                DecisionStep::Fires => changes.push((*now, true)),
                DecisionStep::Clears => changes.push((*now, false)),
                DecisionStep::Same | DecisionStep::Further => {}
            }
            let active = matches!(course.decision.state, DecisionState::Fired | DecisionState::Clearing);
            prop_assert_eq!(active, changes.last().is_some_and(|(_, fired)| *fired));
            let written: Course = serde_json::from_str(&workflow_api::to_go_text(&course)).unwrap();
            prop_assert_eq!(&written, &course);
        }
        prop_assert_eq!(changes, model(&looks, hold, clear));
    }
}
