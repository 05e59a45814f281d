//! One activity in the SDK's worker, without a server: a fake of Temporal's frontend hands out the task and takes the
//! result.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prost::Message;
use serde_json::Value;
use temporalio_client::callback_based::{CallbackBasedGrpcService, GrpcRequest, GrpcSuccessResponse};
use temporalio_client::tonic::Status;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use temporalio_common::ActivityDefinition;
use temporalio_common::data_converters::{
    GenericPayloadConverter, PayloadConverter, SerializationContext, SerializationContextData,
};
use temporalio_common::protos::temporal::api::common::v1::{
    ActivityType, Payload, Payloads, WorkflowExecution, WorkflowType,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    PollActivityTaskQueueResponse, RecordActivityTaskHeartbeatRequest, RecordActivityTaskHeartbeatResponse,
    RespondActivityTaskCanceledRequest, RespondActivityTaskCompletedRequest,
    RespondActivityTaskFailedRequest,
};
use temporalio_sdk::activities::ActivityImplementer;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::sync::oneshot;

use super::failure::{first, json};
use super::{Ended, Failure};

/// The timeout of the attempt.
const START_TO_CLOSE: Duration = Duration::from_secs(60);

/// One attempt of an activity, in the SDK's worker but without a server.
///
/// ```
/// # use temporalio_macros::activities;
/// # use temporalio_sdk::activities::{ActivityContext, ActivityError};
/// # pub struct Greetings;
/// # #[activities]
/// # impl Greetings {
/// #     #[activity]
/// #     pub async fn greet(_: ActivityContext, name: String) -> Result<String, ActivityError> {
/// #         Ok(format!("Hello, {name}"))
/// #     }
/// # }
/// use worker_kit::testing::TestActivity;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let greeting = TestActivity::of(Greetings).run(Greetings::greet, "World".to_owned()).await;
/// assert_eq!(greeting.unwrap(), "Hello, World");
/// # }
/// ```
#[derive(Debug)]
pub struct TestActivity<I> {
    activities: I,
    attempt: i32,
    heartbeat_timeout: Option<Duration>,
    cancelled: bool,
    heartbeats: Arc<Mutex<Vec<Value>>>,
}

impl<I: ActivityImplementer + Send + Sync + 'static> TestActivity<I> {
    /// Creates a test of one of these activities: its first attempt, without a heartbeat timeout.
    pub fn of(activities: I) -> Self {
        Self { activities, attempt: 1, heartbeat_timeout: None, cancelled: false, heartbeats: Arc::default() }
    }

    /// Sets the number of the attempt.
    #[must_use]
    pub fn attempt(self, attempt: i32) -> Self {
        Self { attempt, ..self }
    }

    /// Sets the heartbeat timeout, as an intent does.
    #[must_use]
    pub fn heartbeat_timeout(self, timeout: Duration) -> Self {
        Self { heartbeat_timeout: Some(timeout), ..self }
    }

    /// Cancels the activity at its first heartbeat.
    #[must_use]
    pub fn cancelled(self) -> Self {
        Self { cancelled: true, ..self }
    }

    /// Returns the details of its heartbeats, as JSON. The SDK omits heartbeats that follow too quickly.
    pub fn heartbeats(&self) -> Arc<Mutex<Vec<Value>>> {
        Arc::clone(&self.heartbeats)
    }

    /// Runs the activity.
    ///
    /// # Errors
    /// How it ended, if it did not complete.
    pub async fn run<A: ActivityDefinition>(
        self,
        activity: A,
        input: impl Into<A::Input>,
    ) -> Result<A::Output, Ended> {
        let (data, converter) = (SerializationContextData::None, PayloadConverter::default());
        let context = SerializationContext::new(&data, &converter);
        let input = converter.to_payloads(&context, &input.into()).map_err(unknown)?;
        let (answer, answered) = oneshot::channel();
        let frontend = Frontend {
            task: Mutex::new(Some(self.task(activity.name(), input))),
            answer: Mutex::new(Some(answer)),
            cancelled: self.cancelled,
            heartbeats: self.heartbeats,
        };
        let mut options = WorkerOptions::new("test").build();
        options.register_activities(self.activities);
        let runtime = Runtime::from_current_tokio(Default::default()).map_err(unknown)?;
        let client = frontend.client().await?;
        let mut worker = Worker::new(&runtime, client, options).map_err(unknown)?;
        let output = tokio::select! {
            answer = answered => answer.map_err(unknown)??,
            ended = worker.run() => {
                let reason = ended.err().map_or_else(|| "the worker ended".to_owned(), |error| service::chain(&error).to_string());
                return Err(Ended::Unknown(reason));
            }
        };
        converter.from_payloads(&context, output).map_err(unknown)
    }

    fn task(&self, activity: &str, input: Vec<Payload>) -> PollActivityTaskQueueResponse {
        #[expect(clippy::disallowed_methods, reason = "an activity under test is scheduled now")]
        let now = Some(SystemTime::now().into());
        PollActivityTaskQueueResponse {
            task_token: b"test".to_vec(),
            workflow_namespace: "default".to_owned(),
            workflow_type: Some(WorkflowType { name: "test".to_owned() }),
            workflow_execution: Some(WorkflowExecution {
                workflow_id: "test".to_owned(),
                run_id: "test".to_owned(),
            }),
            activity_type: Some(ActivityType { name: activity.to_owned() }),
            activity_id: "1".to_owned(),
            input: Some(Payloads { payloads: input }),
            scheduled_time: now,
            current_attempt_scheduled_time: now,
            started_time: now,
            attempt: self.attempt,
            start_to_close_timeout: START_TO_CLOSE.try_into().ok(),
            heartbeat_timeout: self.heartbeat_timeout.and_then(|timeout| timeout.try_into().ok()),
            ..PollActivityTaskQueueResponse::default()
        }
    }
}

fn unknown(error: impl std::error::Error + 'static) -> Ended {
    Ended::Unknown(service::chain(&error).to_string())
}

type Answer = Result<Vec<Payload>, Ended>;

/// The part of Temporal that one activity uses.
struct Frontend {
    task: Mutex<Option<PollActivityTaskQueueResponse>>,
    answer: Mutex<Option<oneshot::Sender<Answer>>>,
    cancelled: bool,
    heartbeats: Arc<Mutex<Vec<Value>>>,
}

impl Frontend {
    async fn client(self) -> Result<Client, Ended> {
        let frontend = Arc::new(self);
        let service = CallbackBasedGrpcService {
            callback: Arc::new(move |request| {
                let frontend = Arc::clone(&frontend);
                let answering: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move {
                    let proto = frontend.take(&request).await?;
                    Ok(GrpcSuccessResponse { headers: Default::default(), proto })
                });
                answering
            }),
        };
        // It is never dialled.
        let url: Url = "http://127.0.0.1:7233".parse().map_err(unknown)?;
        let options = ConnectionOptions::new(url)
            .identity("test")
            .dns_load_balancing(None)
            .service_override(service)
            .build();
        let connection = Connection::connect(options).await.map_err(unknown)?;
        Client::new(connection, ClientOptions::new("default").build()).map_err(unknown)
    }

    /// Responds to a call. An empty response is a message in which no field is set.
    async fn take(&self, request: &GrpcRequest) -> Result<Vec<u8>, Status> {
        let proto = &request.proto[..];
        match request.rpc.as_str() {
            "PollActivityTaskQueue" => {
                let task = lock(&self.task).take();
                match task {
                    Some(task) => return Ok(task.encode_to_vec()),
                    None => std::future::pending().await,
                }
            }
            "RecordActivityTaskHeartbeat" => {
                let heartbeat = decode::<RecordActivityTaskHeartbeatRequest>(proto)?;
                lock(&self.heartbeats).push(first(heartbeat.details.as_ref()));
                let answer = RecordActivityTaskHeartbeatResponse {
                    cancel_requested: self.cancelled,
                    ..RecordActivityTaskHeartbeatResponse::default()
                };
                return Ok(answer.encode_to_vec());
            }
            "RespondActivityTaskCompleted" => {
                let completed = decode::<RespondActivityTaskCompletedRequest>(proto)?;
                self.answer(Ok(completed.result.unwrap_or_default().payloads));
            }
            "RespondActivityTaskFailed" => {
                let failed = decode::<RespondActivityTaskFailedRequest>(proto)?;
                self.answer(Err(Ended::Failed(Failure::of(&failed.failure.unwrap_or_default()))));
            }
            "RespondActivityTaskCanceled" => {
                let cancelled = decode::<RespondActivityTaskCanceledRequest>(proto)?;
                let details = cancelled.details.unwrap_or_default();
                self.answer(Err(Ended::Cancelled(json(&details.payloads))));
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn answer(&self, answer: Answer) {
        if let Some(waiting) = lock(&self.answer).take() {
            // It fails if the test no longer waits.
            let _ = waiting.send(answer);
        }
    }
}

fn decode<M: Message + Default>(proto: &[u8]) -> Result<M, Status> {
    M::decode(proto).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
