//! Conditions on a change: what the caller believes the intent to be (`If-Match`, `If-None-Match`; RFC 9110 §13).

use super::ChangeError;
use crate::intent::{IntentKey, RevisionNumber};

/// Conditions on a change; by default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The intent must be in one of these states.
    pub matches: Option<States>,
    /// The intent must be in none of these states.
    pub matches_none: Option<States>,
}

/// States of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum States {
    /// Any, as long as there is an intent.
    Any,
    /// These.
    Of(Vec<RevisionNumber>),
}

impl States {
    /// Whether the state that an intent is in, if there is one, is among them.
    pub fn contain(&self, current: Option<RevisionNumber>) -> bool {
        match self {
            Self::Any => current.is_some(),
            Self::Of(states) => current.is_some_and(|current| states.contains(&current)),
        }
    }
}

impl Conditions {
    pub(super) fn check(&self, key: &IntentKey, current: Option<RevisionNumber>) -> Result<(), ChangeError> {
        let hold = self.matches.as_ref().is_none_or(|states| states.contain(current))
            && !self.matches_none.as_ref().is_some_and(|states| states.contain(current));
        if hold {
            Ok(())
        } else {
            Err(ChangeError::ConditionFailed { intent: Box::new(key.clone()), current })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::DigKey;

    #[test]
    fn conditions_hold_or_fail() {
        let of =
            |states: &[i64]| Some(States::Of(states.iter().copied().map(RevisionNumber::from).collect()));
        let any = Some(States::Any);
        let none = None;
        for (matches, matches_none, current, hold) in [
            (&none, &none, None, true),
            (&any, &none, None, false),
            (&any, &none, Some(1), true),
            (&of(&[1, 2]), &none, Some(2), true),
            (&of(&[1, 2]), &none, Some(3), false),
            (&of(&[]), &none, Some(1), false),
            (&of(&[1]), &none, None, false),
            (&none, &any, None, true),
            (&none, &any, Some(1), false),
            (&none, &of(&[1]), Some(1), false),
            (&none, &of(&[1]), Some(2), true),
            (&of(&[2]), &of(&[2]), Some(2), false),
        ] {
            let conditions = Conditions { matches: matches.clone(), matches_none: matches_none.clone() };
            let [project, composite_app, version, dig] = ["p", "a", "v", "d"].map(str::to_owned);
            let key = DigKey { project, composite_app, version, dig }.intent("i");
            let held = conditions.check(&key, current.map(RevisionNumber::from)).is_ok();
            assert_eq!(held, hold, "{conditions:?} {current:?}");
        }
    }
}
