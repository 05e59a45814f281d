//! The 28 defects of EMCO's workflowmgr (EMCO-API §1.8). Each has a test, named `dNN_` after its number, that
//! would fail on workflowmgr. All tests call a real `bridge serve` over real sockets.
//!
//! | # | Defect of workflowmgr | Test |
//! |---|---|---|
//! | 1 | every cancel ends in 500 | `d01_a_cancel_cancels` |
//! | 2 | cancel's schema refuses long addresses and empty names | `d02_a_cancel_as_emcoctl_sends_it_is_taken` |
//! | 3 | a wrong boolean counts as false | `d03_a_wrong_boolean_is_refused` |
//! | 4 | neither result nor failure is reported | `d04_a_wait_reports_the_result_or_the_failure` |
//! | 5 | status does not know the intent's workflow ID | `d05_the_workflow_id_comes_from_the_intent` |
//! | 6 | status of an intent that does not exist | `d06_an_intent_that_does_not_exist_has_no_status` |
//! | 7 | a connection to Temporal for each call, never closed | `d07_many_calls_share_a_connection` |
//! | 8 | a health check of up to 10 s on each connect | `d08_an_absent_or_silent_temporal_is_reported_in_seconds` |
//! | 9 | Temporal's namespace and transport are fixed | `d09_the_namespace_and_tls_are_settings` |
//! | 10 | a wait has no bound and outlives its caller | `d10_a_wait_is_bounded_and_ends_with_its_caller` |
//! | 11 | 500 for everything | `d11_each_failure_has_its_status` |
//! | 12 | no PUT, a second POST is a 500 | `d12_an_intent_can_be_replaced` |
//! | 13 | a start has no timeout, and only 204 is a success | `d13_a_start_is_bounded_and_any_success_counts` |
//! | 14 | a start reports no run and supports no key | `d14_a_start_reports_its_run_and_takes_a_key` |
//! | 15 | the client's name goes into the URL as it is | `d15_a_client_name_cannot_change_the_url` |
//! | 16 | an empty spec is accepted | `d16_an_empty_spec_is_refused` |
//! | 17 | activity options without a retry policy are refused | `d17_activity_options_need_no_retry_policy` |
//! | 18 | queries have no arguments, nor reasons | `d18_a_query_takes_arguments_and_reports_why_it_failed` |
//! | 19 | status is a dump of Go structs | `d19_a_status_is_readable` |
//! | 20 | intents and headers are logged | `d20_no_payload_or_header_is_logged` |
//! | 21 | creates race and overwrite each other | `d21_of_many_creates_one_wins` |
//! | 22 | metrics call the process `orchestrator` | `d22_metrics_name_the_bridge` |
//! | 23 | the chart exposes a port without a listener | `d23_the_chart_exposes_what_listens` |
//! | 24 | the policy controller treats a successful start as a failure | `d24_the_policy_controller_gets_its_201` |
//! | 25 | a create works only in the process's folder | `d25_a_create_succeeds_wherever_the_process_runs` |
//! | 26 | no OpenAPI | `d26_the_api_is_documented` |
//! | 27 | runs are not tracked | `d27_every_start_is_on_record` |
//! | 28 | SIGTERM ends the process abruptly | `d28_sigterm_lets_requests_finish` |

mod intents;
mod process;
mod start;
mod status;
mod stop;
pub(crate) mod temporal;

use harness::{
    Process, ProcessBuilder, SAMPLE_DIG, SAMPLE_INTENT, TemporalServer, free_port, http, sample_intent,
};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::serving;

/// A bridge process with a database of its own.
struct Served {
    process: Process,
    url: String,
    _directory: TempDir,
}

impl Served {
    /// Starts it with the shared Temporal.
    async fn start() -> (Self, &'static TemporalServer) {
        let temporal = TemporalServer::shared().await.unwrap();
        (Self::on(temporal.address()).await, temporal)
    }

    /// Starts it for tests that need no Temporal.
    async fn alone() -> Self {
        Self::on(&format!("127.0.0.1:{}", free_port())).await
    }

    async fn on(temporal: &str) -> Self {
        Self::with(temporal, |process| process).await
    }

    async fn with(temporal: &str, set: impl FnOnce(ProcessBuilder) -> ProcessBuilder) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let builder = set(serving(port, &directory.path().join("bridge.db"), temporal));
        let mut served = Self {
            process: builder.spawn().unwrap(),
            url: format!("http://127.0.0.1:{port}"),
            _directory: directory,
        };
        served.process.wait_ready(&format!("{}/readyz", served.url)).await.unwrap();
        served
    }

    /// Builds a request to a path below the intents of the sample's group.
    fn request(&self, method: Method, below: &str) -> RequestBuilder {
        http().request(method, format!("{}{SAMPLE_DIG}/temporal-workflow-intents{below}", self.url))
    }

    async fn get(&self, below: &str) -> Answer {
        Answer::of(self.request(Method::GET, below).send().await.unwrap()).await
    }

    async fn post(&self, below: &str, body: impl Into<reqwest::Body>) -> Answer {
        Answer::of(self.request(Method::POST, below).body(body).send().await.unwrap()).await
    }

    async fn metrics(&self) -> String {
        http().get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap()
    }

    /// Registers the sample intent with this workflow ID and a workflow client on this port.
    async fn create(&self, workflow_id: &str, client_port: u16) {
        let mut intent = sample_intent("127.0.0.1", client_port, "http://emco");
        intent["spec"]["temporal"]["workflowStartOptions"]["id"] = workflow_id.into();
        assert_eq!(self.post("", intent.to_string()).await.status, 201);
    }

    async fn start_sample(&self) -> Answer {
        self.post(&format!("/{SAMPLE_INTENT}/start"), "").await
    }

    async fn status_of_sample(&self, query: &str) -> Answer {
        self.get(&format!("/{SAMPLE_INTENT}/status?{query}")).await
    }

    async fn cancel_sample(&self, body: &str) -> Answer {
        self.post(&format!("/{SAMPLE_INTENT}/cancel"), body.to_owned()).await
    }
}

/// A response with its whole body.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: ::http::HeaderMap,
    text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the problem, which must have this status and code.
    #[track_caller]
    fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self:?}");
        problem
    }
}

/// Starts a workflow without a worker, and returns its run ID.
async fn running(temporal: &TemporalServer, workflow_id: &str) -> String {
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "-w", workflow_id];
    temporal.cli(&args).await.unwrap()["runId"].as_str().unwrap().to_owned()
}

/// Returns the state of a workflow from Temporal itself.
async fn temporals_word(temporal: &TemporalServer, workflow_id: &str) -> String {
    let described = temporal.cli(&["workflow", "describe", "-w", workflow_id]).await.unwrap();
    described["workflowExecutionInfo"]["status"].as_str().unwrap().to_owned()
}

#[test]
fn the_table_names_the_tests_that_are_there() {
    let sources = [
        include_str!("defects/intents.rs"),
        include_str!("defects/process.rs"),
        include_str!("defects/start.rs"),
        include_str!("defects/status.rs"),
        include_str!("defects/stop.rs"),
        include_str!("defects/temporal.rs"),
    ]
    .concat();
    let rows: Vec<_> =
        include_str!("defects.rs").lines().filter_map(|line| line.strip_prefix("//! | ")).collect();
    let numbered: Vec<_> = rows.iter().filter(|row| row.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert_eq!(numbered.len(), 28);
    for (row, number) in numbered.into_iter().zip(1..) {
        let test = row.split('`').rev().nth(1).unwrap();
        assert!(
            row.starts_with(&format!("{number} |")) && test.starts_with(&format!("d{number:02}_")),
            "{row}"
        );
        assert!(sources.contains(&format!("async fn {test}()")), "{row}");
    }
}
