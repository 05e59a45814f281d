//! The same work asked of Temporal itself, straight over gRPC: what everything is compared with.

use anyhow::{Context, Result};
use temporalio_client::tonic::transport::{Channel, Endpoint};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, StartWorkflowExecutionRequest,
};
use uuid::Uuid;

use super::Call;
use crate::payload;

/// A connection of one's own to Temporal's frontend.
pub(crate) async fn channel(address: &str) -> Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    endpoint.connect().await.with_context(|| format!("cannot connect to Temporal at {address}"))
}

/// `StartWorkflowExecution`, each time of a workflow of its own.
pub(crate) struct RawStart {
    client: WorkflowServiceClient<Channel>,
    start: StartWorkflowExecutionRequest,
}

impl RawStart {
    /// Asks for this start, but for its IDs.
    pub(crate) fn over(channel: Channel, start: &StartWorkflowExecutionRequest) -> Self {
        Self { client: WorkflowServiceClient::new(channel), start: start.clone() }
    }
}

impl Call for RawStart {
    async fn call(&mut self) -> Result<()> {
        let request = StartWorkflowExecutionRequest {
            request_id: Uuid::new_v4().to_string(),
            workflow_id: payload::new_workflow_id(),
            ..self.start.clone()
        };
        self.client.start_workflow_execution(request).await?;
        Ok(())
    }
}

/// `DescribeWorkflowExecution` of one workflow.
pub(crate) struct RawDescribe {
    client: WorkflowServiceClient<Channel>,
    workflow_id: String,
}

impl RawDescribe {
    pub(crate) fn over(channel: Channel, workflow_id: &str) -> Self {
        Self { client: WorkflowServiceClient::new(channel), workflow_id: workflow_id.to_owned() }
    }
}

impl Call for RawDescribe {
    async fn call(&mut self) -> Result<()> {
        let execution = WorkflowExecution { workflow_id: self.workflow_id.clone(), run_id: String::new() };
        let request =
            DescribeWorkflowExecutionRequest { namespace: "default".to_owned(), execution: Some(execution) };
        self.client.describe_workflow_execution(request).await?;
        Ok(())
    }
}
