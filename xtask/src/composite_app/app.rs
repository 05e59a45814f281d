//! The apps that the composite app is made of.

/// An app of the composite app; also a chart, an archive and its top directory.
#[derive(Debug, Clone, Copy)]
pub(super) enum App {
    Worker,
    WorkflowClient,
    Bridge,
}

impl App {
    /// Each before those that depend on it.
    pub(super) const ALL: [Self; 3] = [Self::Worker, Self::WorkflowClient, Self::Bridge];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::WorkflowClient => "workflow-client",
            Self::Bridge => "bridge",
        }
    }

    pub(super) fn image(self) -> &'static str {
        match self {
            Self::Worker => "sample-worker",
            Self::WorkflowClient => "sample-client",
            Self::Bridge => "bridge",
        }
    }
}
