//! What a rule has decided about a run or an intent, or in a rehearsal would have decided.

use bridge_core::model::IntentKey;
use workflow_api::{ActionOutcome, ActionState, DecisionState, RuleDecision};

use super::term::TermItem;
use crate::link;
use crate::show::{Chip, Moment, Tone, words};

/// A decision.
pub(crate) struct DecisionRow {
    pub(crate) chip: Chip,
    /// The workflow, or the intent if the rule is about intents.
    pub(crate) name: String,
    pub(crate) link: String,
    /// The path of the intent, if the decision is about a run of it.
    pub(crate) intent: Option<(String, String)>,
    /// What has happened, with its times.
    pub(crate) times: Vec<(&'static str, Moment)>,
    pub(crate) episode: i64,
    /// The revision that has decided; 0 for a rule that is not kept.
    pub(crate) revision: i64,
    pub(crate) why: TermItem,
    pub(crate) actions: Vec<ActionRow>,
}

/// What an action has led to.
pub(crate) struct ActionRow {
    pub(crate) chip: Chip,
    pub(crate) word: String,
    pub(crate) text: String,
}

impl DecisionRow {
    /// Makes the row of a decision. In a rehearsal, what is done would be done.
    pub(crate) fn new(decision: &RuleDecision, is_rehearsed: bool) -> Self {
        let RuleDecision { intent, workflow_id, run_id, .. } = decision;
        let to_intent = IntentKey::read(intent);
        let page = |page: &str, params: &[(&str, &str)]| {
            to_intent.as_ref().map(|key| link::of_intent(key, page, params)).unwrap_or_default()
        };
        let (name, link, intent) = if workflow_id.is_empty() {
            (intent.clone(), page("", &[]), None)
        } else {
            let run = [("workflow", workflow_id.as_str()), ("run", run_id.as_str())];
            (workflow_id.to_string(), page("run", &run), Some((intent.clone(), page("", &[]))))
        };
        Self {
            chip: chip(decision.state),
            name,
            link,
            intent,
            times: times(decision),
            episode: decision.episode,
            revision: decision.revision,
            why: TermItem::from(&decision.why),
            actions: decision.actions.iter().map(|action| ActionRow::new(action, is_rehearsed)).collect(),
        }
    }
}

impl ActionRow {
    fn new(action: &ActionOutcome, is_rehearsed: bool) -> Self {
        let chip = match action.state {
            ActionState::Done if is_rehearsed => Chip::new(Tone::Active, "Would be done"),
            ActionState::Done => Chip::new(Tone::Good, "Done"),
            ActionState::Due => Chip::new(Tone::Active, "To be done"),
            ActionState::Skipped => Chip::new(Tone::Over, "Skipped"),
            ActionState::Refused => Chip::new(Tone::Bad, "Refused"),
        };
        let text = match action.state {
            ActionState::Skipped if action.text.is_empty() => "it is done only once".to_owned(),
            _ => action.text.clone(),
        };
        Self { chip, word: words(&action.action), text }
    }
}

fn chip(state: DecisionState) -> Chip {
    match state {
        DecisionState::Quiet => Chip::new(Tone::Over, "Quiet"),
        DecisionState::Pending => Chip::new(Tone::Active, "Pending"),
        DecisionState::Fired => Chip::new(Tone::Doubtful, "Fired"),
        DecisionState::Clearing => Chip::new(Tone::Held, "Clearing"),
        DecisionState::Cleared => Chip::new(Tone::Good, "Cleared"),
    }
}

fn times(decision: &RuleDecision) -> Vec<(&'static str, Moment)> {
    let all = [
        ("Seen since", decision.since),
        ("Decided to act", decision.fired_at),
        ("Ended", decision.cleared_at),
    ];
    all.into_iter().filter_map(|(word, at)| Some((word, Moment(at?)))).collect()
}
