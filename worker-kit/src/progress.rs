//! Where a workflow stands: what the queries `current-state` (EMCO-API §2.5) and `progress` answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a workflow stands: the answer to the query `progress`. [`Steps`](crate::Steps) keeps it.
///
/// Attempts that Temporal makes at an activity are not in it: the workflow does not learn of them. They are in the
/// description of the run, among its pending activities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Progress {
    /// The activity that runs, or was the last one to; none has begun where it is null.
    pub step: Option<String>,
    /// Which step this is, the first being 1; while undoing, which undo.
    pub index: usize,
    /// How many steps there are in all; while undoing, how many undos.
    pub of: usize,
    /// When this step, or else this state, began. The workflow's time, which is that of Temporal's history.
    pub since: Option<Timestamp>,
    /// Which attempt at the workflow this run is, from the second on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The failure of a step, once the workflow has given it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// What the workflow does.
    pub state: ProgressState,
}

/// What a workflow does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ProgressState {
    /// No step has begun.
    #[default]
    Started,
    /// A step runs.
    Running,
    /// A step failed or the workflow was cancelled, and what was done is being undone.
    Undoing,
    /// Everything is done.
    Completed,
    /// The workflow failed.
    Failed,
    /// The workflow was cancelled.
    Cancelled,
}

impl Progress {
    /// The answer to EMCO's query `current-state`: `started`, then the name of the running activity, then `completed`. Of a
    /// workflow that failed or was cancelled it is the last activity.
    pub fn current_state(&self) -> String {
        match (self.state, &self.step) {
            (ProgressState::Completed, _) => "completed".to_owned(),
            (_, Some(step)) => step.clone(),
            (_, None) => "started".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_answer_has_its_fields_in_order() {
        let mut progress = Progress { of: 3, ..Progress::default() };
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
    fn the_current_state_is_emcos() {
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
}
