//! A workflow client made with our kit, served in this process.

use client_kit::{
    Client, Server, ServerOptions, StartContext, TemporalStarter, WorkflowStart, clients, workflow_client,
};
use service::metrics::Metrics;
use service::shutdown::Shutdown;
use temporal::{TemporalConnection, TemporalTarget};
use tokio::net::TcpListener;

use super::SOON;

/// The client that EMCO's sample intent names. No worker polls its task queue, so its workflows never end.
#[workflow_client(name = "migrate_workflowclient")]
pub(crate) async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("T").on_task_queue("nobody")
}

/// A server of the client.
pub(crate) struct OurClient {
    pub(crate) port: u16,
    shutdown: Shutdown,
}

impl OurClient {
    /// Starts it on a free port, with this Temporal.
    pub(crate) async fn start(temporal: &str) -> Self {
        Self::start_with(temporal, ServerOptions::default()).await
    }

    /// Starts it with these options.
    pub(crate) async fn start_with(temporal: &str, options: ServerOptions) -> Self {
        Self::serve(clients![migrate], temporal, options).await
    }

    /// Starts a server of other clients.
    pub(crate) async fn of(clients: impl IntoIterator<Item = Client>, temporal: &str) -> Self {
        Self::serve(clients, temporal, ServerOptions::default()).await
    }

    /// Starts a server of other clients with these options.
    pub(crate) async fn serve(
        clients: impl IntoIterator<Item = Client>,
        temporal: &str,
        options: ServerOptions,
    ) -> Self {
        let target = TemporalTarget::new(temporal, "default").unwrap();
        let starter = TemporalStarter::new(TemporalConnection::new(target));
        let server = Server::new(clients, starter, options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = Shutdown::new(SOON);
        let (ours, metrics) = (shutdown.clone(), Metrics::install("bridge-tests", "0"));
        tokio::spawn(async move { server.serve(listener, &ours, metrics).await });
        Self { port, shutdown }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for OurClient {
    fn drop(&mut self) {
        self.shutdown.stop();
    }
}
