//! The connection to a namespace of a Temporal server.

use std::sync::Arc;
use std::time::Duration;

use metrics::histogram;
use temporalio_client::request_extensions::RetryConfigForCall;
use temporalio_client::tonic::{Request, Response, Status};
use temporalio_client::{Client, ClientOptions, RetryOptions};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::time::{Instant, timeout};

use super::connect::{ConnectCause, ConnectError, ConnectionSettings};
use super::fault::{TemporalFault, is_transport};
use super::method::Method;
use super::server::{CALLS, Link, Server};
use super::target::TemporalTarget;

/// Timeout of [`TemporalConnection::check`].
const CHECK_BOUND: Duration = Duration::from_millis(1500);
/// Difference between the timeout that Temporal gets and our own, which is shorter: its error is more
/// precise.
const GRACE: Duration = Duration::from_secs(1);
/// Time between a broken connection and the retry of the call.
const SECOND_TRY: Duration = Duration::from_millis(20);

/// A connection to a Temporal target, established at first use. Clones share it.
#[derive(Debug, Clone)]
pub struct TemporalConnection {
    target: TemporalTarget,
    server: Arc<Server>,
}

impl TemporalConnection {
    /// Creates a connection to `target`, which is established at first use.
    pub fn new(target: TemporalTarget) -> Self {
        Self::with_settings(target, ConnectionSettings::default())
    }

    /// Creates a connection to `target` with these settings.
    pub fn with_settings(target: TemporalTarget, settings: ConnectionSettings) -> Self {
        let server = Arc::new(Server::new(Arc::clone(&target.server), settings));
        Self { target, server }
    }

    /// Returns a connection to another namespace of the same server, over the same connection.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.target = self.target.with_namespace(namespace);
        self
    }

    /// Returns the target.
    pub fn target(&self) -> &TemporalTarget {
        &self.target
    }

    /// Returns the name of this process in Temporal's histories.
    pub fn identity(&self) -> &str {
        &self.server.identity
    }

    /// Returns the SDK's client. Connects first if necessary. Do not keep the client: getting it again costs
    /// nothing.
    ///
    /// # Errors
    /// Returns an error if Temporal cannot be reached within the timeout of the settings.
    pub async fn client(&self) -> Result<Client, ConnectError> {
        let link = self.server.link().await?;
        Client::new(link.connection, ClientOptions::new(self.target.namespace()).build())
            .map_err(|error| self.server.error(ConnectCause::Refused(Arc::new(error.into()))))
    }

    /// Calls Temporal, with `bound` as the timeout, including connecting. Faults name the server. `label` is
    /// the method in metrics.
    ///
    /// A call whose connection breaks is retried once, as happens when the server closes the connection at
    /// the same time. Nothing happens twice: requests that change a workflow have a request ID, or are
    /// idempotent.
    ///
    /// # Errors
    /// Returns an error if there is no connection, if Temporal does not respond in time, or if it returns an
    /// error.
    pub async fn ask<Q: Method>(
        &self,
        label: &'static str,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, TemporalFault> {
        let since = Instant::now();
        let result =
            self.ask_unmeasured(bound, request).await.map_err(|fault| fault.at(self.target.address()));
        let outcome = result.as_ref().map_or_else(|fault| fault.kind().code(), |_| "ok");
        histogram!(CALLS, "method" => label, "outcome" => outcome).record(since.elapsed());
        result
    }

    async fn ask_unmeasured<Q: Method>(
        &self,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, TemporalFault> {
        let since = Instant::now();
        let link = match timeout(bound, self.server.link()).await {
            Ok(link) => link?,
            // The server is not slow, but unavailable.
            Err(_) => return Err(self.server.error(ConnectCause::Silent(bound)).into()),
        };
        let left = bound.saturating_sub(since.elapsed());
        let tries = async {
            match send(&link, request.clone(), left).await {
                Err(status) if is_transport(&status) => {
                    tokio::time::sleep(SECOND_TRY).await;
                    send(&link, request, left).await.map_err(|status| TemporalFault::from(status).repeated())
                }
                answer => answer.map_err(TemporalFault::from),
            }
        };
        let answer = timeout(left, tries).await;
        let answer = answer.unwrap_or_else(|_| Err(TemporalFault::out_of_time(bound)));
        answer.inspect_err(|fault| self.server.note(&link, fault))
    }

    /// Checks within two seconds that Temporal responds, accepts our credentials and knows the namespace. It
    /// is for readiness.
    ///
    /// # Errors
    /// Returns an error if not.
    pub async fn check(&self) -> Result<(), TemporalFault> {
        let namespace = self.target.namespace().to_owned();
        let request = DescribeNamespaceRequest { namespace, ..Default::default() };
        self.ask(DescribeNamespaceRequest::NAME, CHECK_BOUND, request).await.map(drop)
    }

    /// Returns whether both share one connection.
    #[cfg(test)]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.server, &other.server)
    }

    /// Returns whether anyone but the caller uses the connection.
    pub(super) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.server) > 1
    }
}

/// Sends a request once.
async fn send<Q: Method>(link: &Link, request: Q, within: Duration) -> Result<Q::Answer, Status> {
    let mut request = Request::new(request);
    request.set_timeout(within + GRACE);
    // The SDK does not report how often it tried, so we retry ourselves.
    request.extensions_mut().insert(RetryConfigForCall(RetryOptions::no_retries()));
    Q::send(&mut link.connection.clone(), request).await.map(Response::into_inner)
}
