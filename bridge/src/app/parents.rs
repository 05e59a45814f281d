//! Whether EMCO knows the deployment intent group that an intent is created under: asked where EMCO's URL is configured.

use emco::{Error, Kind};

use crate::intent::DigKey;

/// Who vouches for deployment intent groups: EMCO, or nobody.
#[derive(Debug, Clone, Default)]
pub struct Parents(Option<emco::Client>);

/// Why an intent cannot be created under a group.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParentError {
    /// EMCO knows no such group.
    #[error("EMCO knows no deployment intent group `{0}`; create it first")]
    NoSuchGroup(DigKey),
    /// EMCO cannot tell for now.
    #[error("EMCO cannot tell whether deployment intent group `{0}` exists")]
    Unavailable(DigKey, #[source] Box<Error>),
    /// EMCO refuses to tell, or is not EMCO.
    #[error("EMCO does not tell whether deployment intent group `{0}` exists")]
    Refused(DigKey, #[source] Box<Error>),
}

impl Parents {
    /// EMCO vouches.
    pub fn of(emco: emco::Client) -> Self {
        Self(Some(emco))
    }

    pub(super) async fn check(&self, dig: &DigKey) -> Result<(), ParentError> {
        let Some(emco) = &self.0 else { return Ok(()) };
        let key = emco::DigKey::new(&dig.project, &dig.composite_app, &dig.version, &dig.dig);
        match emco.get_dig(&key).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == Kind::NotFound => Err(ParentError::NoSuchGroup(dig.clone())),
            Err(error) if error.is_retryable() => Err(ParentError::Unavailable(dig.clone(), Box::new(error))),
            Err(error) => Err(ParentError::Refused(dig.clone(), Box::new(error))),
        }
    }
}
