//! Conditions on a change: the revision that the caller expects (`If-Match`, `If-None-Match`; RFC 9110 §13).

use crate::model::RevisionNumber;

/// Conditions on a change of an intent, or of a document. By default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// It must be at one of these revisions.
    pub matches: Option<Revisions>,
    /// It must be at none of these revisions.
    pub matches_none: Option<Revisions>,
}

/// Revisions of an intent or a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revisions {
    /// Any revision, as long as it exists.
    Any,
    /// These.
    Of(Vec<RevisionNumber>),
}

impl Revisions {
    /// Returns whether the current revision is among them; `None` if there is none.
    pub fn contain(&self, current: Option<RevisionNumber>) -> bool {
        match self {
            Self::Any => current.is_some(),
            Self::Of(revisions) => current.is_some_and(|current| revisions.contains(&current)),
        }
    }
}

impl Conditions {
    /// Returns whether this current revision meets the conditions; `None` if there is none.
    pub(crate) fn hold(&self, current: Option<RevisionNumber>) -> bool {
        self.matches.as_ref().is_none_or(|revisions| revisions.contain(current))
            && !self.matches_none.as_ref().is_some_and(|revisions| revisions.contain(current))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_or_fail() {
        let of = |revisions: &[i64]| {
            Some(Revisions::Of(revisions.iter().copied().map(RevisionNumber::from).collect()))
        };
        let any = Some(Revisions::Any);
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
            let held = conditions.hold(current.map(RevisionNumber::from));
            assert_eq!(held, hold, "{conditions:?} {current:?}");
        }
    }
}
