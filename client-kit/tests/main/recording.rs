//! A port that starts nothing, and remembers what it was asked for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use client_kit::{StartError, StartRequest, Started, Starter};

use crate::serving::Serving;

/// Remembers starts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recording(Arc<Mutex<Vec<StartRequest>>>);

impl Recording {
    /// A server that starts nothing, and what it was asked for.
    pub(crate) async fn serving() -> (Serving, Self) {
        let recording = Self::default();
        (Serving::with(recording.clone(), Duration::from_secs(10)).await, recording)
    }

    pub(crate) fn starts(&self) -> Vec<StartRequest> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Starter for Recording {
    async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        let workflow_id = request.start.options().id.clone();
        self.0.lock().unwrap().push(request);
        Ok(Started { workflow_id, run_id: "run".into(), already_running: false })
    }
}
