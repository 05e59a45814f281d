//! The state machine of alarms, against a simple model and against what a receiver of its notifications knows.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use bridge_core::model::{Alarm, AlarmObject, By, Notification, ProbableCause, Raised, Step};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use workflow_api::alarms::{AckState, NotificationType, PerceivedSeverity};

#[derive(Debug, Clone)]
enum Input {
    Raise(PerceivedSeverity),
    Clear(u8),
    ClearByHand,
    Ack(AckState),
    Comment,
    Correlate(i64),
    Pass(u8),
}

/// What matters of an alarm in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Model {
    severity: PerceivedSeverity,
    active: bool,
    acknowledged: bool,
    clears_at: Option<i64>,
    comments: usize,
}

/// What a receiver knows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    severity: Option<PerceivedSeverity>,
    acknowledged: bool,
    comments: usize,
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let severity = prop::sample::select(PerceivedSeverity::ALL.to_vec());
    let ack = prop::sample::select(AckState::ALL.to_vec());
    let input = prop_oneof![
        4 => severity.prop_map(Input::Raise),
        3 => (0..5_u8).prop_map(Input::Clear),
        1 => Just(Input::ClearByHand),
        2 => ack.prop_map(Input::Ack),
        1 => Just(Input::Comment),
        1 => (0..3_i64).prop_map(Input::Correlate),
        3 => (0..5_u8).prop_map(Input::Pass),
    ];
    prop::collection::vec(input, 0..60)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn raised(severity: PerceivedSeverity) -> Raised {
    let raised = Raised::new(AlarmObject::project("p"), ProbableCause::WorkflowLate, "late");
    Raised { severity: Some(severity), ..raised }
}

fn by() -> By {
    By { user: "alice".to_owned(), system: String::new() }
}

/// Makes the alarm's next state.
fn step(alarm: Option<&Alarm>, input: &Input, now: i64) -> Option<Step> {
    let Some(alarm) = alarm else {
        let Input::Raise(severity) = input else { return None };
        return Some(Alarm::raise_new(&raised(*severity), at(now)));
    };
    match input {
        Input::Raise(severity) => alarm.raise(&raised(*severity), at(now)),
        Input::Clear(hold) => alarm.clear(SignedDuration::from_secs((*hold).into()), at(now)),
        Input::ClearByHand => alarm.clear_by(by(), at(now)),
        Input::Ack(state) => alarm.acknowledge(*state, by(), at(now)),
        Input::Comment => alarm.comment("text", by(), at(now)).ok().map(|(_, step)| step),
        Input::Correlate(number) => alarm.correlate(&AlarmObject::bridge(), &[*number], at(now)),
        Input::Pass(_) => alarm.settle(at(now)),
    }
}

/// Makes the model's next state.
fn model_step(model: Option<Model>, input: &Input, now: i64) -> Option<Model> {
    let Some(mut model) = model else {
        let Input::Raise(severity) = *input else { return None };
        let severity =
            if severity == PerceivedSeverity::Cleared { PerceivedSeverity::Minor } else { severity };
        return Some(Model { severity, active: true, acknowledged: false, clears_at: None, comments: 0 });
    };
    match *input {
        Input::Raise(severity) => {
            let default = severity == PerceivedSeverity::Cleared;
            model.severity = if default { PerceivedSeverity::Minor } else { severity };
            (model.active, model.clears_at) = (true, None);
        }
        Input::Clear(0) if model.clears_at.is_none() => model.active = false,
        Input::Clear(hold) if model.active && model.clears_at.is_none() => {
            model.clears_at = Some(now + i64::from(hold));
        }
        Input::ClearByHand => (model.active, model.clears_at) = (false, None),
        Input::Ack(state) => model.acknowledged = state == AckState::Acknowledged,
        Input::Comment => model.comments += 1,
        Input::Pass(_) if model.clears_at.is_some_and(|at| at <= now) => {
            (model.active, model.clears_at) = (false, None);
        }
        Input::Clear(_) | Input::Correlate(_) | Input::Pass(_) => {}
    }
    (model.active || !model.acknowledged).then_some(model)
}

fn seen(alarm: &Alarm) -> Model {
    Model {
        severity: alarm.severity,
        active: alarm.is_active(),
        acknowledged: alarm.is_acknowledged(),
        clears_at: alarm.clearing_at.map(Timestamp::as_second),
        comments: alarm.comments.len(),
    }
}

impl Known {
    /// Learns what a notification of the standard has, and nothing else.
    fn learn(&mut self, notification: &Notification) {
        let record = notification.record("", 1);
        match notification.kind {
            NotificationType::NewAlarm => {
                assert_eq!(self.severity, None, "it was raised twice");
                self.severity = Some(record.perceived_severity);
            }
            NotificationType::ChangedAlarm | NotificationType::ClearedAlarm => {
                assert_ne!(self.severity, Some(record.perceived_severity), "nothing has changed");
                self.severity = Some(record.perceived_severity);
            }
            NotificationType::AckStateChanged => {
                self.acknowledged = record.ack_state.unwrap() == AckState::Acknowledged;
            }
            NotificationType::Comments => self.comments = record.comments.unwrap().len(),
            NotificationType::CorrelatedNotificationChanged => {
                assert!(!record.correlated_notifications.unwrap().is_empty());
            }
        }
    }
}

proptest! {
    #[test]
    fn an_alarm_does_what_the_model_does(inputs in inputs()) {
        let (mut alarm, mut model, mut known, mut now) = (None::<Alarm>, None, Known::default(), 0);
        for input in inputs {
            if let Input::Pass(seconds) = input {
                now += i64::from(seconds);
            }
            let next = step(alarm.as_ref(), &input, now);
            model = model_step(model, &input, now);
            if let Some(Step { alarm: next, notifications }) = next {
                notifications.iter().for_each(|notification| known.learn(notification));
                prop_assert!(notifications.iter().all(|notification| notification.alarm == next));
                alarm = Some(next);
            }
            if let Some(now) = &alarm {
                let expected = Known {
                    severity: Some(now.perceived_severity()),
                    acknowledged: now.is_acknowledged(),
                    comments: now.comments.len(),
                };
                prop_assert_eq!(&known, &expected);
                prop_assert!(now.worst >= now.severity);
                if now.is_over() {
                    (alarm, known) = (None, Known::default());
                }
            }
            prop_assert_eq!(alarm.as_ref().map(seen), model.clone(), "{:?}", input);
        }
    }

    #[test]
    fn an_alarm_is_stored_as_it_is(inputs in inputs()) {
        let mut alarm = Alarm::raise_new(&raised(PerceivedSeverity::Major), at(0)).alarm;
        for input in inputs {
            if let Some(next) = step(Some(&alarm), &input, 1) {
                alarm = next.alarm;
            }
        }
        let text = serde_json::to_string(&alarm).unwrap();
        prop_assert_eq!(serde_json::from_str::<Alarm>(&text).unwrap(), alarm);
    }
}

#[test]
fn a_hundred_flaps_are_one_alarm_and_one_clear() {
    let hold = SignedDuration::from_secs(30);
    let mut alarm = Alarm::raise_new(&raised(PerceivedSeverity::Major), at(0)).alarm;
    let mut notifications = Vec::new();
    for flap in 0..100 {
        let now = at(flap * 20);
        for step in
            [alarm.raise(&raised(PerceivedSeverity::Major), now), alarm.settle(now)].into_iter().flatten()
        {
            notifications.extend(step.notifications);
            alarm = step.alarm;
        }
        if let Some(step) = alarm.clear(hold, at(flap * 20 + 10)) {
            notifications.extend(step.notifications);
            alarm = step.alarm;
        }
    }
    assert_eq!(notifications, []);
    let settled = alarm.settle(at(10_000)).unwrap();
    assert_eq!(settled.notifications.len(), 1);
    assert_eq!(settled.alarm.settle(at(10_001)), None);
}

#[test]
fn texts_and_lists_are_bounded() {
    let long = "é\0".repeat(10_000);
    let raised = Raised {
        problem: long.clone(),
        ..Raised::new(AlarmObject::bridge(), ProbableCause::RuleBroken, long.clone())
    };
    let mut alarm = Alarm::raise_new(&raised, at(0)).alarm;
    assert_eq!((alarm.problem.chars().count(), alarm.text.chars().count()), (256, 1024));
    assert!(!alarm.text.contains('\0'));
    while let Ok((_, step)) = alarm.comment(&long, by(), at(1)) {
        alarm = step.alarm;
    }
    assert_eq!(alarm.comments.len(), 100);
    for number in 0..200 {
        if let Some(step) = alarm.correlate(&AlarmObject::project(&number.to_string()), &[number], at(1)) {
            alarm = step.alarm;
        }
    }
    assert_eq!(alarm.correlated.len(), 100);
}
