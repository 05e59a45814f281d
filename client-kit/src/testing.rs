//! Tests of workflow clients without Temporal, in milliseconds (feature `testing`, for `[dev-dependencies]`).
//!
//! ```
//! use client_kit::testing::TestServer;
//! use client_kit::{StartContext, WorkflowStart, clients, workflow_client};
//! use serde_json::json;
//!
//! #[workflow_client]
//! async fn migrate(ctx: StartContext) -> WorkflowStart {
//!     ctx.start("EmcoMigrateWorkflow").on_task_queue("MIGRATION_TASK_Q")
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = TestServer::new(clients![migrate]);
//! let answer = server
//!     .call("migrate", json!({
//!         "workflowStartOptions": {"ID": "migrate-1"},
//!         "workflowParams": {"activityParams": {"all-activities": {"project": "proj1"}}},
//!     }))
//!     .await;
//! answer.assert_started();
//! server
//!     .temporal()
//!     .started()
//!     .workflow_type("EmcoMigrateWorkflow")
//!     .workflow_id("migrate-1")
//!     .task_queue("MIGRATION_TASK_Q")
//!     .with_params(json!({"project": "proj1"}))
//!     .once();
//! # });
//! ```
//!
//! [`RecordedTemporal`] can also fail in each way that Temporal can. [`TestServer::listen`] serves on a real socket.
//! [`assert_compliant`] tests any server for everything that EMCO needs.

mod compliant;
mod server;
mod started;
mod temporal;

pub use compliant::{App, assert_compliant};
pub use server::{Listening, TestAnswer, TestServer};
pub use started::Starts;
pub use temporal::{Closed, RecordedTemporal, StartFailure};

/// Types of the HTTP stack that the signatures here name.
pub use axum::body::Body;
pub use axum::http::{HeaderMap, Request};
