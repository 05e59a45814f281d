//! Keeping intents: create, look up, list, delete.

use workflow_api::{Fault, WorkflowIntent};

use super::body::read_body;
use super::{App, BodyError, FieldValidation, IntentError, Lenient};
use crate::intent::{DigKey, IntentKey};
use crate::storage::{self, StoreError};

/// An intent that was created, normalised, and the unknown fields of the request.
pub type Created = Lenient<WorkflowIntent>;

/// Why an intent was not created. Then nothing was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
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
    #[error("workflow intent `{0}` exists already; delete it first, or choose another name")]
    AlreadyExists(IntentKey),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn count(faults: usize) -> String {
    if faults == 1 { "1 fault".to_owned() } else { format!("{faults} faults") }
}

impl App {
    /// Keeps the intent that `body` describes under `dig`.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub async fn create_intent(
        &self,
        dig: &DigKey,
        body: &[u8],
        fields: FieldValidation,
    ) -> Result<Created, CreateError> {
        let mut faults = dig.faults();
        let created = match read_body::<WorkflowIntent>(body, fields) {
            Ok(read) => read,
            Err(error) => return Err(CreateError::Body { error, faults }),
        };
        faults.extend(created.value.faults());
        if !faults.is_empty() {
            return Err(CreateError::Unsound(faults));
        }
        self.store.create_intent(dig, &created.value).await.map_err(|error| match error {
            storage::CreateError::AlreadyExists(key) => CreateError::AlreadyExists(key),
            storage::CreateError::Store(error) => CreateError::Store(error),
        })?;
        Ok(created)
    }

    /// The intents of a group, ordered by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_intents(&self, dig: &DigKey) -> Result<Vec<WorkflowIntent>, StoreError> {
        self.store.intents(dig).await
    }

    /// One intent.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn get_intent(&self, key: &IntentKey) -> Result<WorkflowIntent, IntentError> {
        self.existing(key).await
    }

    /// Removes an intent. Runs that it started go on, and their records stay.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn delete_intent(&self, key: &IntentKey) -> Result<(), IntentError> {
        if self.store.delete_intent(key).await? {
            Ok(())
        } else {
            Err(IntentError::NoSuchIntent(key.clone()))
        }
    }
}
