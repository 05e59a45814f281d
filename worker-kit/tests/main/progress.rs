//! The answers to the queries `progress` and `current-state`.

use jiff::Timestamp;
use serde_json::json;
use worker_kit::{Progress, ProgressState};

#[test]
fn the_progress_has_its_fields_in_order() {
    let mut progress = Progress::default();
    progress.of = 3;
    let text = |progress: &Progress| serde_json::to_string(progress).unwrap();
    assert_eq!(text(&progress), r#"{"step":null,"index":0,"of":3,"since":null,"state":"started"}"#);
    progress.step = Some("Copy".to_owned());
    progress.index = 1;
    progress.since = Some(Timestamp::constant(1_700_000_000, 500_000_000));
    progress.attempt = Some(2);
    progress.last_error = Some("Copy failed: broken".to_owned());
    progress.state = ProgressState::Undoing;
    assert_eq!(
        text(&progress),
        concat!(
            r#"{"step":"Copy","index":1,"of":3,"since":"2023-11-14T22:13:20.5Z","attempt":2,"#,
            r#""lastError":"Copy failed: broken","state":"undoing"}"#
        )
    );
    assert_eq!(serde_json::from_value::<Progress>(json!(progress)).unwrap(), progress);
}

#[test]
fn the_current_state_is_that_of_emco() {
    let mut progress = Progress::default();
    assert_eq!(progress.current_state(), "started");
    progress.step = Some("Copy".to_owned());
    for state in
        [ProgressState::Running, ProgressState::Undoing, ProgressState::Failed, ProgressState::Cancelled]
    {
        progress.state = state;
        assert_eq!(progress.current_state(), "Copy");
    }
    progress.state = ProgressState::Completed;
    assert_eq!(progress.current_state(), "completed");
}
