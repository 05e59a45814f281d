//! Keeping intents: create, replace, delete, roll back. Every change is a revision that says who made it.

mod check;
mod conditions;
mod history;
mod list;

use jiff::Timestamp;
use workflow_api::{Fault, RollbackRequest, WorkflowIntent};

use super::body::read_body;
use super::{App, BodyError, Caller, FieldValidation, IntentError, Lenient, ParentError};
use crate::intent::{Action, Change, DigKey, IntentKey, KeptIntent, Revision, RevisionNumber};
use crate::storage::StoreError;
pub use check::ClientCheck;
pub use conditions::{Conditions, States};
pub use history::{ChangePage, HistoryError};
pub use list::{IntentFilter, IntentPage, ListError, Listing};

/// Who changes an intent, and how.
#[derive(Debug, Clone, Default)]
pub struct ChangeOrder {
    /// Who.
    pub by: Caller,
    /// What must hold of the intent before.
    pub conditions: Conditions,
    /// Whether everything is checked and nothing is stored.
    pub dry_run: bool,
    /// Whether the workflow client's word is not asked for.
    pub unchecked: bool,
}

/// What a change led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The intent, normalised.
    pub kept: KeptIntent,
    /// Whether there was none before.
    pub created: bool,
    /// JSON paths of unknown fields in the request.
    pub unknown: Vec<String>,
}

/// Why an intent was not changed. Then nothing was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The body cannot be read.
    #[error("{error}")]
    Body {
        /// Why.
        error: BodyError,
        /// What else is wrong: names in the path.
        faults: Vec<Fault>,
    },
    /// What was read is not sound.
    #[error("the workflow intent is not sound: it has {}", count(.0.len()))]
    Unsound(Vec<Fault>),
    /// The name is taken.
    #[error(
        "workflow intent `{0}` exists already; delete it first, replace it with PUT, or choose another name"
    )]
    AlreadyExists(IntentKey),
    /// There is no such intent.
    #[error("workflow intent `{0}` does not exist; create it first")]
    NoSuchIntent(IntentKey),
    /// There is no such revision that could be taken again.
    #[error("workflow intent `{intent}` has no revision `{revision}` that could be taken again")]
    NoSuchRevision {
        /// The intent.
        intent: Box<IntentKey>,
        /// What the caller named.
        revision: String,
    },
    /// The intent is not what the caller believes.
    #[error("workflow intent `{intent}` is not what the request's conditions say: {}", now(*.current))]
    ConditionFailed {
        /// The intent.
        intent: Box<IntentKey>,
        /// The state that it is in.
        current: Option<RevisionNumber>,
    },
    /// The group cannot be vouched for.
    #[error(transparent)]
    Parent(#[from] ParentError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn count(faults: usize) -> String {
    if faults == 1 { "1 fault".to_owned() } else { format!("{faults} faults") }
}

fn now(current: Option<RevisionNumber>) -> String {
    current.map_or_else(|| "it does not exist".to_owned(), |revision| format!("it is at revision {revision}"))
}

impl App {
    /// Keeps the intent that `body` describes under `dig`.
    ///
    /// # Errors
    /// All that is wrong with it, at once; also when the name is taken.
    pub async fn create_intent(
        &self,
        dig: &DigKey,
        body: &[u8],
        fields: FieldValidation,
        order: &ChangeOrder,
    ) -> Result<Changed, ChangeError> {
        let wanted = read_intent(dig, None, body, fields)?;
        let key = IntentKey::of(dig, &wanted.value);
        let change = self.change(&key, order, |current| match current {
            Some(_) => Err(ChangeError::AlreadyExists(key.clone())),
            None => Ok(Next::Keep(Action::Created, wanted.value.clone())),
        });
        Ok(Changed { unknown: wanted.unknown, ..change.await? })
    }

    /// Keeps the intent that `body` describes under `key`, in place of the one that is there. What changes nothing makes no
    /// revision.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub async fn put_intent(
        &self,
        key: &IntentKey,
        body: &[u8],
        fields: FieldValidation,
        order: &ChangeOrder,
    ) -> Result<Changed, ChangeError> {
        let wanted = read_intent(&key.dig, Some(&key.name), body, fields)?;
        let change = self.change(key, order, |current| {
            Ok(match current {
                Some(kept) if kept.intent == wanted.value => Next::Leave(kept.clone()),
                Some(_) => Next::Keep(Action::Replaced, wanted.value.clone()),
                None => Next::Keep(Action::Created, wanted.value.clone()),
            })
        });
        Ok(Changed { unknown: wanted.unknown, ..change.await? })
    }

    /// Takes an earlier revision of an intent again, as a new one; also of an intent that was deleted.
    ///
    /// # Errors
    /// When there is no such revision, or it is that of a deletion.
    pub async fn roll_back_intent(
        &self,
        key: &IntentKey,
        body: &[u8],
        fields: FieldValidation,
        order: &ChangeOrder,
    ) -> Result<Changed, ChangeError> {
        let body = read_body::<RollbackRequest>(body, fields)
            .map_err(|error| ChangeError::Body { error, faults: Vec::new() })?;
        let named = body.value.spec.revision;
        let named = named.map_or_else(String::new, |named| {
            serde_json::from_str(named.as_str()).unwrap_or_else(|_no_text| named.as_str().to_owned())
        });
        if !key.is_sound() || self.store.latest_revision(key).await?.is_none() {
            return Err(ChangeError::NoSuchIntent(key.clone()));
        }
        let revision = match named.parse() {
            Ok(number) => self.store.revision(key, number).await?,
            Err(_) => None,
        };
        let Some(again) = revision.and_then(Revision::into_kept) else {
            return Err(ChangeError::NoSuchRevision { intent: Box::new(key.clone()), revision: named });
        };
        let action = Action::RolledBack { to: again.revision };
        let change = self.change(key, order, |current| {
            Ok(match current {
                Some(kept) if kept.intent == again.intent => Next::Leave(kept.clone()),
                Some(_) | None => Next::Keep(action, again.intent.clone()),
            })
        });
        Ok(Changed { unknown: body.unknown, ..change.await? })
    }

    /// One intent.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn get_intent(&self, key: &IntentKey) -> Result<KeptIntent, IntentError> {
        self.kept(key).await
    }

    /// Removes an intent. Runs that it started go on; their records and its own history stay.
    ///
    /// # Errors
    /// When there is none, or it is not what the conditions say.
    pub async fn delete_intent(&self, key: &IntentKey, order: &ChangeOrder) -> Result<(), ChangeError> {
        if !key.is_sound() {
            return Err(ChangeError::NoSuchIntent(key.clone()));
        }
        loop {
            let latest = self.store.latest_revision(key).await?;
            let Some(current) = latest.and_then(Revision::into_kept) else {
                return Err(ChangeError::NoSuchIntent(key.clone()));
            };
            order.conditions.check(key, Some(current.revision))?;
            let change = order.change(current.revision.next(), Action::Deleted);
            if self.keep(key, order, Revision { change, intent: None }).await? {
                return Ok(());
            }
        }
    }

    /// Makes the change that `next` decides on, given the intent as it is. Whenever another change came in between, it decides again.
    async fn change(
        &self,
        key: &IntentKey,
        order: &ChangeOrder,
        next: impl Fn(Option<&KeptIntent>) -> Result<Next, ChangeError>,
    ) -> Result<Changed, ChangeError> {
        loop {
            let latest = self.store.latest_revision(key).await?;
            let number =
                latest.as_ref().map_or(RevisionNumber::FIRST, |latest| latest.change.revision.next());
            let current = latest.and_then(Revision::into_kept);
            let next = next(current.as_ref())?;
            order.conditions.check(key, current.as_ref().map(|kept| kept.revision))?;
            let (action, intent) = match next {
                Next::Keep(action, intent) => (action, intent),
                Next::Leave(kept) => return Ok(Changed { kept, created: false, unknown: Vec::new() }),
            };
            if current.is_none() {
                self.parents.check(&key.dig).await?;
            }
            if !order.unchecked && !self.limits.client_check.is_zero() {
                let faults = self.client_faults(&intent).await;
                if !faults.is_empty() {
                    return Err(ChangeError::Unsound(faults));
                }
            }
            let revision = Revision { change: order.change(number, action), intent: Some(intent.clone()) };
            if self.keep(key, order, revision).await? {
                let kept = KeptIntent { revision: number, intent };
                return Ok(Changed { kept, created: current.is_none(), unknown: Vec::new() });
            }
        }
    }

    /// Keeps a revision, unless its number was taken in the meantime; says whether it did.
    async fn keep(
        &self,
        key: &IntentKey,
        order: &ChangeOrder,
        revision: Revision,
    ) -> Result<bool, StoreError> {
        if order.dry_run {
            return Ok(true);
        }
        let kept = self.store.add_revision(key, &revision).await?;
        if kept {
            let Change { revision, action, by, .. } = revision.change;
            tracing::info!(intent = %key, %revision, action = action.word(), by, "intent changed");
        }
        Ok(kept)
    }
}

/// What to do with an intent.
enum Next {
    /// Keep this in its place.
    Keep(Action, WorkflowIntent),
    /// Nothing: it is as it should be.
    Leave(KeptIntent),
}

impl ChangeOrder {
    fn change(&self, revision: RevisionNumber, action: Action) -> Change {
        let by = if self.by.user().is_empty() { "anonymous" } else { self.by.user() };
        Change { revision, action, by: by.to_owned(), at: Timestamp::now() }
    }
}

/// Reads an intent and finds all that is wrong with it and with the path. `name` is the one in the path, where that has one.
fn read_intent(
    dig: &DigKey,
    name: Option<&str>,
    body: &[u8],
    fields: FieldValidation,
) -> Result<Lenient<WorkflowIntent>, ChangeError> {
    let mut faults = dig.faults();
    let mut read = match read_body::<WorkflowIntent>(body, fields) {
        Ok(read) => read,
        Err(error) => return Err(ChangeError::Body { error, faults }),
    };
    if let Some(name) = name {
        let named = &mut read.value.metadata.name;
        if named.is_empty() {
            name.clone_into(named);
        } else if named != name {
            let message = format!("is `{named}`, but the path names `{name}`: an intent cannot be renamed");
            faults.push(Fault::new("$.metadata.name", message));
        }
    }
    faults.extend(read.value.faults());
    if faults.is_empty() { Ok(read) } else { Err(ChangeError::Unsound(faults)) }
}
