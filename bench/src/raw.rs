//! Calls to Temporal itself over gRPC, with which ours are compared.

use anyhow::{Context, Result};
use temporalio_client::tonic::transport::{Channel, Endpoint};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, StartWorkflowExecutionRequest,
};
use uuid::Uuid;

use crate::load::Call;
use crate::payload;

type Client = WorkflowServiceClient<Channel>;

/// `StartWorkflowExecution`, each time of a new workflow.
pub(crate) struct RawStart(Client, StartWorkflowExecutionRequest);

/// `DescribeWorkflowExecution` of one workflow.
pub(crate) struct RawDescribe(Client, DescribeWorkflowExecutionRequest);

impl RawStart {
    pub(crate) async fn connect(address: &str) -> Result<Self> {
        Ok(Self(connect(address).await?, payload::start_request()))
    }
}

impl RawDescribe {
    pub(crate) async fn connect(address: &str, workflow_id: &str) -> Result<Self> {
        let execution = WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() };
        let request =
            DescribeWorkflowExecutionRequest { namespace: "default".to_owned(), execution: Some(execution) };
        Ok(Self(connect(address).await?, request))
    }
}

async fn connect(address: &str) -> Result<Client> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    let channel =
        endpoint.connect().await.with_context(|| format!("cannot connect to Temporal at {address}"))?;
    Ok(WorkflowServiceClient::new(channel))
}

impl Call for RawStart {
    async fn call(&mut self) -> Result<()> {
        let request = StartWorkflowExecutionRequest {
            request_id: Uuid::new_v4().to_string(),
            workflow_id: payload::workflow_id(&Uuid::new_v4().to_string()),
            ..self.1.clone()
        };
        self.0.start_workflow_execution(request).await?;
        Ok(())
    }
}

impl Call for RawDescribe {
    async fn call(&mut self) -> Result<()> {
        self.0.describe_workflow_execution(self.1.clone()).await?;
        Ok(())
    }
}
