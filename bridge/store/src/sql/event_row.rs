//! The conversion between events of the audit and rows.

use audit_seals::{Hash, KeptEvent as Kept, leaf};
use bridge_core::model::Event;
use bridge_core::ports::{EventPlace, KeptEvent, StoreError};
use sqlx::FromRow;

use super::value::Value;

/// Inserts an event, whose seven values are at these places among the arguments. Inserts nothing if the first of
/// them is NULL.
macro_rules! insert_event {
    ($at:literal, $actor:literal, $verb:literal, $object:literal, $outcome:literal, $document:literal, $leaf:literal) => {
        concat!(
            "INSERT INTO audit_events (at, actor, verb, object, outcome, document, leaf) SELECT ",
            $at,
            ", ",
            $actor,
            ", ",
            $verb,
            ", ",
            $object,
            ", ",
            $outcome,
            ", ",
            $document,
            ", ",
            $leaf,
            " WHERE ",
            $at,
            " IS NOT NULL"
        )
    };
}
pub(crate) use insert_event;

/// Inserts an event.
pub(crate) const RECORD: &str = insert_event!("$1", "$2", "$3", "$4", "$5", "$6", "$7");

/// The row of an event, without its number and batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventRow {
    at: i64,
    actor: String,
    verb: String,
    object: String,
    outcome: &'static str,
    document: String,
    leaf: Hash,
}

impl EventRow {
    pub(crate) fn of(event: &Event) -> Self {
        // No database accepts this character.
        let text = |text: &str| text.replace('\0', "\u{fffd}");
        let document = event.document();
        Self {
            at: event.at.as_microsecond(),
            actor: text(&event.actor.name),
            verb: event.verb.clone(),
            object: text(&event.object.path()),
            outcome: event.outcome.word(),
            leaf: leaf(&document),
            document,
        }
    }

    /// Returns the arguments of [`RECORD`].
    pub(crate) fn values(&self) -> [Value<'_>; 7] {
        [
            self.at.into(),
            self.actor.as_str().into(),
            self.verb.as_str().into(),
            self.object.as_str().into(),
            self.outcome.into(),
            self.document.as_str().into(),
            self.leaf.as_slice().into(),
        ]
    }

    /// Returns arguments that insert nothing.
    pub(crate) fn none() -> [Value<'static>; 7] {
        [
            None::<i64>.into(),
            None::<&str>.into(),
            None::<&str>.into(),
            None::<&str>.into(),
            None::<&str>.into(),
            None::<&str>.into(),
            None::<&[u8]>.into(),
        ]
    }

    /// Returns whether the columns are those of the event in the document.
    fn is_consistent(row: &KeptRow) -> bool {
        serde_json::from_str::<Event>(&row.document).is_ok_and(|event| {
            let Self { at, actor, verb, object, outcome, .. } = Self::of(&event);
            (at, &actor, &verb, &object, outcome)
                == (row.at, &row.actor, &row.verb, &row.object, row.outcome.as_str())
        })
    }
}

/// A kept event. `number` and `batch` are those of the table.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct KeptRow {
    pub(crate) number: i64,
    pub(crate) batch: Option<i64>,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) verb: String,
    pub(crate) object: String,
    pub(crate) outcome: String,
    pub(crate) document: String,
    pub(crate) leaf: Vec<u8>,
}

/// The columns of [`KeptRow`].
macro_rules! event_columns {
    () => {
        "number, batch, at, actor, verb, object, outcome, document, leaf"
    };
}
pub(crate) use event_columns;

impl From<KeptRow> for Kept {
    fn from(row: KeptRow) -> Self {
        let is_consistent = EventRow::is_consistent(&row);
        let KeptRow { number, batch, document, leaf, .. } = row;
        Self { number, batch, document, leaf, is_consistent }
    }
}

impl TryFrom<KeptRow> for KeptEvent {
    type Error = StoreError;

    fn try_from(row: KeptRow) -> Result<Self, StoreError> {
        let event = serde_json::from_str(&row.document).map_err(|error| StoreError::Inconsistent {
            table: "audit_events",
            column: "document",
            row: row.number.to_string(),
            source: error.into(),
        })?;
        Ok(Self { place: EventPlace { at: row.at, number: row.number }, batch: row.batch, event })
    }
}
