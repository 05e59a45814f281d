//! Logins and logouts of browsers. They need no right: who logs in has none yet, and everybody may log out.

use std::time::Duration;

use crate::parts::Parts;
use crate::ports::{NewSession, StoreError};
use crate::request::Request;

/// The verbs of the audit.
const LOGIN: &str = "login";
const LOGOUT: &str = "logout";

/// Logins and logouts of browsers, and the sessions between them.
#[derive(Debug, Clone)]
pub struct Sessions {
    parts: Parts,
}

impl Sessions {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// Begins a session of the person who makes the request.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn begin(&self, request: &Request, session: &NewSession) -> Result<(), StoreError> {
        let event = self.parts.access.of_a_session(request, LOGIN);
        self.parts.store.begin_session(session, &event).await?;
        tracing::info!(actor = %request.actor, proof = request.actor.proof().word(), "logged in");
        Ok(())
    }

    /// Records a login that failed.
    pub async fn refused(&self, request: &Request, reason: &str) {
        tracing::warn!(address = request.source.address, reason, "login refused");
        self.parts.access.no_session(request, LOGIN, reason).await;
    }

    /// Returns what was kept of a session that has not ended.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn find(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.parts.store.session(id).await
    }

    /// Returns what was kept of a session, to renew it. Until it is renewed, returns it to nobody else
    /// for `pause`.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn to_renew(&self, id: &str, pause: Duration) -> Result<Option<Vec<u8>>, StoreError> {
        self.parts.store.session_to_renew(id, pause).await
    }

    /// Replaces what is kept of a session.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn renew(&self, id: &str, content: &[u8]) -> Result<(), StoreError> {
        self.parts.store.renew_session(id, content).await
    }

    /// Ends a session of the person who makes the request. Returns whether it had not ended before.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn end(&self, request: &Request, id: &str) -> Result<bool, StoreError> {
        let event = self.parts.access.of_a_session(request, LOGOUT);
        let ended = self.parts.store.end_session(id, &event).await?;
        if ended {
            tracing::info!(actor = %request.actor, proof = request.actor.proof().word(), "logged out");
        }
        Ok(ended)
    }
}
