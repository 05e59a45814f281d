//! Use cases about intents: create, replace, delete, roll back, look up. Every change makes a revision with
//! the name of its author.

mod check;
mod groups;
mod history;
mod list;
mod named;
mod search;

use std::sync::Arc;

use heavy::heavy;
use workflow_api::{Fault, WorkflowIntent, cut};

use crate::access::{Action, Permit, Refused, Resource};
use crate::conditions::Conditions;
use crate::lookup::{IntentError, Lookup};
use crate::model::{
    Change, ChangeKind, DigKey, DocumentKind, IntentKey, KeptIntent, Revision, RevisionNumber,
};
use crate::parts::Parts;
use crate::ports::{EngineError, ParentError, StoreError};
use crate::request::Request;
pub use check::{ClientAnswer, ClientCheck};
pub use groups::GroupPage;
pub use list::{IntentFilter, IntentPage, Listing};
pub use named::{NamedClient, NamedPage, NamedQueue, NamedSearch, Offer};
pub use search::{IntentSearch, IntentSearchPage};

/// Use cases about intents.
#[derive(Debug, Clone)]
pub struct Intents {
    parts: Parts,
    lookup: Lookup,
}

/// The options of a change.
#[derive(Debug, Clone, Default)]
pub struct ChangeOptions {
    /// The revision that the intent must be at.
    pub conditions: Conditions,
    /// Whether everything is validated but nothing is stored.
    pub dry_run: bool,
    /// Whether the workflow client is not asked to validate the intent.
    pub unchecked: bool,
}

/// The result of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The intent, as it is stored.
    pub kept: KeptIntent,
    /// Whether the intent did not exist before.
    pub created: bool,
}

/// Why a use case about intents failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum IntentsError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The intent is not valid.
    #[error("the workflow intent is not valid: it has {}", count(.0.len()))]
    Unsound(Vec<Fault>),
    /// The name is taken.
    #[error(
        "workflow intent `{0}` exists already; delete it first, replace it with PUT, or choose another name"
    )]
    AlreadyExists(IntentKey),
    /// There is no such intent.
    #[error("workflow intent `{0}` does not exist; create it first")]
    NoSuchIntent(IntentKey),
    /// There is no such revision, or it is a deletion and a document is needed.
    #[error("workflow intent `{intent}` has no revision `{}`{needs}", cut(.revision))]
    NoSuchRevision {
        /// The intent.
        intent: Box<IntentKey>,
        /// The revision in the request.
        revision: String,
        /// What the revision is needed for, as the end of a sentence.
        needs: &'static str,
    },
    /// The intent is not at the revision that the caller expects.
    #[error("workflow intent `{intent}` does not meet the request's conditions: {}", now(*.current))]
    ConditionFailed {
        /// The intent.
        intent: Box<IntentKey>,
        /// The revision that it is at; `None` if it does not exist.
        current: Option<RevisionNumber>,
    },
    /// The group does not exist, or EMCO could not be asked.
    #[error(transparent)]
    Parent(#[from] ParentError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine could not be asked for the state of runs.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn count(faults: usize) -> String {
    if faults == 1 { "1 fault".to_owned() } else { format!("{faults} faults") }
}

fn now(current: Option<RevisionNumber>) -> String {
    current.map_or_else(|| "it does not exist".to_owned(), |revision| format!("it is at revision {revision}"))
}

impl Intents {
    pub(crate) fn new(parts: Parts) -> Self {
        let lookup = Lookup::new(parts.store.clone());
        Self { parts, lookup }
    }

    /// Creates an intent in the group `dig`.
    ///
    /// # Errors
    /// Returns all faults of the intent at once, or an error if the name is taken.
    pub async fn create(
        &self,
        request: &Request,
        dig: &DigKey,
        intent: WorkflowIntent,
        options: &ChangeOptions,
    ) -> Result<Changed, IntentsError> {
        let key = &IntentKey::of(dig, &intent);
        let permit =
            self.parts.access.authorize(request, Action::CreateIntent, Resource::Intent(key)).await?;
        let intent = sound(dig, None, intent).await?;
        self.parts.access.may_write(request, Action::CreateIntent, key, &intent.spec).await?;
        self.change(request, &permit, key, options, |current| match current {
            Some(_) => Err(IntentsError::AlreadyExists(key.clone())),
            None => Ok(Next::Keep(ChangeKind::Created, Arc::clone(&intent))),
        })
        .await
    }

    /// Creates an intent, or replaces the one of this name. An intent without a name gets that of `key`. A
    /// replacement that is equal makes no revision.
    ///
    /// # Errors
    /// Returns all faults of the intent at once.
    pub async fn put(
        &self,
        request: &Request,
        key: &IntentKey,
        mut intent: WorkflowIntent,
        options: &ChangeOptions,
    ) -> Result<Changed, IntentsError> {
        let permit = self.parts.access.authorize(request, Action::PutIntent, Resource::Intent(key)).await?;
        if intent.metadata.name.is_empty() {
            intent.metadata.name.clone_from(&key.name);
        }
        let intent = sound(&key.dig, Some(&key.name), intent).await?;
        self.parts.access.may_write(request, Action::PutIntent, key, &intent.spec).await?;
        self.change(request, &permit, key, options, |current| {
            Ok(match current {
                Some(kept) if kept.intent == intent => Next::Leave(kept.clone()),
                Some(_) => Next::Keep(ChangeKind::Replaced, Arc::clone(&intent)),
                None => Next::Keep(ChangeKind::Created, Arc::clone(&intent)),
            })
        })
        .await
    }

    /// Rolls an intent back to an earlier revision, whose document becomes a new revision. A deleted intent
    /// can be rolled back as well. `revision` is the number as the caller wrote it.
    ///
    /// # Errors
    /// Returns an error if there is no such revision, or if it is a deletion.
    pub async fn roll_back(
        &self,
        request: &Request,
        key: &IntentKey,
        revision: &str,
        options: &ChangeOptions,
    ) -> Result<Changed, IntentsError> {
        let permit =
            self.parts.access.authorize(request, Action::RollBackIntent, Resource::Intent(key)).await?;
        let store = &self.parts.store;
        if !key.is_sound() || store.latest_revision(key).await?.is_none() {
            return Err(IntentsError::NoSuchIntent(key.clone()));
        }
        let found = match revision.parse() {
            Ok(number) => store.revision(key, number).await?,
            Err(_) => None,
        };
        let Some(again) = found.and_then(Revision::into_kept) else {
            let (intent, revision) = (Box::new(key.clone()), revision.to_owned());
            let needs = " that it can be rolled back to";
            return Err(IntentsError::NoSuchRevision { intent, revision, needs });
        };
        self.parts.access.may_write(request, Action::RollBackIntent, key, &again.intent.spec).await?;
        let kind = ChangeKind::RolledBack { to: again.revision };
        self.change(request, &permit, key, options, |current| {
            Ok(match current {
                Some(kept) if kept.intent == again.intent => Next::Leave(kept.clone()),
                Some(_) | None => Next::Keep(kind, Arc::clone(&again.intent)),
            })
        })
        .await
    }

    /// Returns an intent.
    ///
    /// # Errors
    /// Returns an error if the intent does not exist, or the database fails.
    pub async fn get(&self, request: &Request, key: &IntentKey) -> Result<KeptIntent, IntentError> {
        self.parts.access.authorize(request, Action::GetIntent, Resource::Intent(key)).await?;
        self.lookup.kept(key).await
    }

    /// Deletes an intent. Runs that it started continue; their records and its revisions stay. Its schedules stay,
    /// and are paused soon.
    ///
    /// # Errors
    /// Returns an error if the intent does not exist, or is not at the expected revision.
    pub async fn delete(
        &self,
        request: &Request,
        key: &IntentKey,
        options: &ChangeOptions,
    ) -> Result<(), IntentsError> {
        let permit =
            self.parts.access.authorize(request, Action::DeleteIntent, Resource::Intent(key)).await?;
        if !key.is_sound() {
            return Err(IntentsError::NoSuchIntent(key.clone()));
        }
        loop {
            let latest = self.parts.store.latest_revision(key).await?;
            let Some(current) = latest.and_then(Revision::into_kept) else {
                return Err(IntentsError::NoSuchIntent(key.clone()));
            };
            check_conditions(key, options, Some(current.revision))?;
            let change = change(request, current.revision.next(), ChangeKind::Deleted);
            if self.keep(&permit, key, options, Revision { change, intent: None }).await? {
                self.note_for_schedules(key, options).await;
                return Ok(());
            }
        }
    }

    /// Makes the change that `next` chooses for the current intent. If another change was faster, `next`
    /// chooses again.
    async fn change(
        &self,
        request: &Request,
        permit: &Permit,
        key: &IntentKey,
        options: &ChangeOptions,
        next: impl Fn(Option<&KeptIntent>) -> Result<Next, IntentsError>,
    ) -> Result<Changed, IntentsError> {
        loop {
            let latest = self.parts.store.latest_revision(key).await?;
            let number =
                latest.as_ref().map_or(RevisionNumber::FIRST, |latest| latest.change.revision.next());
            let existed = latest.is_some();
            let current = latest.and_then(Revision::into_kept);
            let next = next(current.as_ref())?;
            check_conditions(key, options, current.as_ref().map(|kept| kept.revision))?;
            let (kind, intent) = match next {
                Next::Keep(kind, intent) => (kind, intent),
                Next::Leave(kept) => return Ok(Changed { kept, created: false }),
            };
            if current.is_none() {
                self.parts.parents.check(&key.dig).await?;
            }
            if !options.unchecked && !self.parts.limits.client_check.is_zero() {
                let faults = self.client_faults(&intent).await;
                if !faults.is_empty() {
                    return Err(IntentsError::Unsound(faults));
                }
            }
            let revision =
                Revision { change: change(request, number, kind), intent: Some(Arc::clone(&intent)) };
            if self.keep(permit, key, options, revision).await? {
                if existed && current.is_none() {
                    // The schedules of the deleted intent are still there.
                    self.note_for_schedules(key, options).await;
                }
                let kept = KeptIntent { revision: number, intent };
                return Ok(Changed { kept, created: current.is_none() });
            }
        }
    }

    /// Lets the schedules of an intent notice that it was deleted, or is there again. The change itself is made by now,
    /// so a failure is not the caller's: a schedule whose intent is missing also notices it at its next time.
    async fn note_for_schedules(&self, key: &IntentKey, options: &ChangeOptions) {
        if options.dry_run {
            return;
        }
        if let Err(error) = self.parts.store.apply_again(DocumentKind::Schedule, &key.to_string()).await {
            let error = workflow_api::chain(&error);
            tracing::warn!(intent = %key, error, "the schedules of an intent do not know yet of its change");
        }
    }

    /// Adds a revision, unless its number was taken in the meantime. Returns whether it was added.
    async fn keep(
        &self,
        permit: &Permit,
        key: &IntentKey,
        options: &ChangeOptions,
        revision: Revision,
    ) -> Result<bool, StoreError> {
        if options.dry_run {
            return Ok(true);
        }
        // Spawned, so that what the store does about a revision is finished also when the caller hangs up.
        let (store, of, added) = (self.parts.store.clone(), key.clone(), revision.clone());
        let event = permit.changed(&key.name, revision.change.revision);
        let adding =
            self.parts.tasks.spawn(async move { store.add_revision(&of, &added, Some(&event)).await });
        let broken = |error: tokio::task::JoinError| StoreError::Unavailable {
            action: "keep a change of an intent",
            source: error.into(),
        };
        let kept = adding.await.map_err(broken)??;
        if kept {
            let Change { revision, kind, by, .. } = revision.change;
            tracing::info!(intent = %key, %revision, action = kind.word(), by, "intent changed");
        }
        Ok(kept)
    }
}

/// The change to make.
enum Next {
    /// Store this revision.
    Keep(ChangeKind, Arc<WorkflowIntent>),
    /// None: the intent is already as requested.
    Leave(KeptIntent),
}

fn check_conditions(
    key: &IntentKey,
    options: &ChangeOptions,
    current: Option<RevisionNumber>,
) -> Result<(), IntentsError> {
    if options.conditions.hold(current) {
        return Ok(());
    }
    Err(IntentsError::ConditionFailed { intent: Box::new(key.clone()), current })
}

fn change(request: &Request, revision: RevisionNumber, kind: ChangeKind) -> Change {
    Change { revision, kind, by: request.actor.to_string(), at: request.now }
}

/// Returns the intent, or all faults of it and of the path. `name` is the name in the path, if the path has one.
async fn sound(
    dig: &DigKey,
    name: Option<&str>,
    intent: WorkflowIntent,
) -> Result<Arc<WorkflowIntent>, IntentsError> {
    let mut faults = dig.faults();
    let named = &intent.metadata.name;
    if let Some(name) = name.filter(|name| named != name) {
        let (named, name) = (cut(named), cut(name));
        let message = format!("is `{named}`, but the path names `{name}`: an intent cannot be renamed");
        faults.push(Fault::new("$.metadata.name", message));
    }
    let intent = Arc::new(intent);
    let checked = Arc::clone(&intent);
    faults.extend(heavy(intent.size(), move || checked.faults()).await);
    if faults.is_empty() { Ok(intent) } else { Err(IntentsError::Unsound(faults)) }
}
