//! The parameters of a status call: EMCO's (EMCO-API §1.6), and our own.

use std::time::Duration;

use bridge_core::ports::{HistoryRequest, PageToken, Query, RejectCondition};
use bridge_core::{FollowRequest, Position, StatusRequest};
use http::HeaderMap;
use service::http::headers::preferred_wait;
use utoipa::IntoParams;
use workflow_api::{RawJson, RunReference};

use super::events::{self, LAST_EVENT_ID};
use crate::problem::ApiError;
use crate::wire::call::CallParams;
use crate::wire::params::{Params, invalid};

const KEYS: [&str; 17] = [
    "temporalServer",
    "namespace",
    "workflowID",
    "runID",
    "waitForResult",
    "timeout",
    "runDescribeWfExec",
    "getWfHistory",
    "historyFilter",
    "historyPageSize",
    "historyPageToken",
    "reverse",
    "queryType",
    "queryParams",
    "queryRejectCondition",
    "queryTimeout",
    "stackTrace",
];

/// The parameters that a stream does not support.
const NOT_STREAMED: [&str; 8] = [
    "timeout",
    "historyPageSize",
    "historyPageToken",
    "reverse",
    "queryType",
    "queryParams",
    "queryRejectCondition",
    "queryTimeout",
];

/// The maximum number of events on a page.
const PAGE_MAX: usize = 1000;
/// The default number of events on a page after the first.
const PAGE: usize = 100;

/// The parameters of a status call. Names are case-sensitive, and the first of repeated parameters is used.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `Wanted` reads")]
pub(crate) struct StatusParams {
    /// Temporal's address, `host:port`, with or without quotes. Default: the configured server.
    #[param(rename = "temporalServer")]
    temporal_server: Option<String>,
    /// Temporal's namespace. Default: the configured one.
    namespace: Option<String>,
    /// The workflow ID. Default: the intent's, or the one of its latest start if each start makes its own.
    #[param(rename = "workflowID", example = "migrate-apps-1")]
    workflow_id: Option<String>,
    /// The run ID. Default: the latest run.
    #[param(rename = "runID")]
    run_id: Option<String>,
    /// Whether to wait for the end of the run and of those that continue its work, and return the result or
    /// the failure.
    #[param(rename = "waitForResult")]
    wait_for_result: Option<bool>,
    /// Maximum time to wait for the end: seconds, or text like `1m30s`.
    #[param(example = "30s")]
    timeout: Option<String>,
    /// Whether to return Temporal's description of the run.
    #[param(rename = "runDescribeWfExec")]
    run_describe_wf_exec: Option<bool>,
    /// Whether to return the history of the run. Any other parameter of the history implies it.
    #[param(rename = "getWfHistory")]
    get_wf_history: Option<bool>,
    /// Which events to return: `all` (default), or `closeEvent` for the one that closed the run.
    #[param(rename = "historyFilter", pattern = "^(all|closeEvent)$", example = "closeEvent")]
    history_filter: Option<String>,
    /// Maximum number of events. Without it, all are returned.
    #[param(rename = "historyPageSize", minimum = 1, maximum = 1000, example = 100)]
    history_page_size: Option<u32>,
    /// The `historyNextPageToken` of the previous page. Later pages are about the same run as the first.
    #[param(rename = "historyPageToken")]
    history_page_token: Option<String>,
    /// Whether the history begins with its newest event.
    reverse: Option<bool>,
    /// The name of a query to send to the workflow.
    #[param(rename = "queryType", example = "current-state")]
    query_type: Option<String>,
    /// The arguments of the query: a JSON array.
    #[param(rename = "queryParams", example = json!("[\"app-1\", 2]"))]
    query_params: Option<String>,
    /// When to reject the query: `none` (default), `notOpen` if the run has ended, `notCompletedCleanly` if
    /// it has ended in another state than completed.
    #[param(
        rename = "queryRejectCondition",
        pattern = "^(none|notOpen|notCompletedCleanly)$",
        example = "notOpen"
    )]
    query_reject_condition: Option<String>,
    /// Timeout of the query: seconds, or text like `1m30s`. Default: 10 seconds.
    #[param(rename = "queryTimeout", example = "5s")]
    query_timeout: Option<String>,
    /// Whether to return the stack traces of a failure.
    #[param(rename = "stackTrace")]
    stack_trace: Option<bool>,
}

/// The parsed parameters.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The run.
    pub(crate) run: RunReference,
    /// The form of the response.
    pub(crate) form: Form,
}

/// A status, or a stream of events.
#[derive(Debug)]
pub(crate) enum Form {
    /// A status, and the seconds of `Prefer: wait`.
    Status(StatusRequest, Option<u32>),
    /// Server-sent events.
    Stream(FollowRequest),
}

impl CallParams for Wanted {
    fn known() -> Vec<&'static str> {
        KEYS.to_vec()
    }

    fn read(params: &Params, headers: &HeaderMap) -> Result<Self, ApiError> {
        let run = RunReference {
            temporal_server: unquoted(params.text("temporalServer")).to_owned(),
            namespace: params.text("namespace").into(),
            workflow_id: params.text("workflowID").into(),
            run_id: params.text("runID").into(),
        };
        let form = if events::are_wanted(headers) {
            Form::Stream(follow_request(params, headers)?)
        } else {
            let preferred = preferred_wait(headers);
            Form::Status(status_request(params, preferred)?, preferred)
        };
        Ok(Self { run, form })
    }
}

/// Parses the parts of a status. `preferred` is the number of seconds in `Prefer: wait`.
fn status_request(params: &Params, preferred: Option<u32>) -> Result<StatusRequest, ApiError> {
    let preferred = preferred.map(|seconds| Duration::from_secs(seconds.into()));
    let request = StatusRequest {
        wait: params.flag("waitForResult")?,
        timeout: params.duration("timeout")?.or(preferred),
        describe: params.flag("runDescribeWfExec")?,
        history: history(params)?,
        query: query(params)?,
        stack_trace: params.flag("stackTrace")?,
    };
    let run_id = params.text("runID");
    if let Some(token) = request.history.as_ref().and_then(|history| history.page_token.as_ref())
        && !run_id.is_empty()
        && token.run_id.as_str() != run_id
    {
        return Err(invalid(
            "historyPageToken",
            &format!("belongs to run `{}`: leave runID out", token.run_id),
        ));
    }
    Ok(request)
}

/// Parses the start of a stream.
fn follow_request(params: &Params, headers: &HeaderMap) -> Result<FollowRequest, ApiError> {
    if let Some(key) = NOT_STREAMED.into_iter().find(|key| params.has(key)) {
        return Err(invalid(key, "is not supported for a stream: leave it out, or accept application/json"));
    }
    // A stream always has these parts, but a wrong value is still rejected.
    for key in ["waitForResult", "runDescribeWfExec", "getWfHistory"] {
        params.flag(key)?;
    }
    let after = match headers.get(LAST_EVENT_ID).map(|id| id.to_str()) {
        None | Some(Ok("")) => None,
        Some(id) => {
            let position = id.unwrap_or_default().parse::<Position>();
            Some(position.map_err(|complaint| {
                invalid(LAST_EVENT_ID.as_str(), &format!("is not an event ID of this API: {complaint}"))
            })?)
        }
    };
    Ok(FollowRequest { after, close_events: close_events(params)?, stack_trace: params.flag("stackTrace")? })
}

fn history(params: &Params) -> Result<Option<HistoryRequest>, ApiError> {
    let request = HistoryRequest {
        close_event: close_events(params)?,
        reverse: params.flag("reverse")?,
        page_size: params.parsed("historyPageSize")?,
        page_token: params.parsed::<PageToken>("historyPageToken")?,
    };
    if request.page_size.is_some_and(|size| !(1..=PAGE_MAX).contains(&size)) {
        return Err(invalid("historyPageSize", &format!("is out of bounds: write 1 to {PAGE_MAX}")));
    }
    if request.page_token.as_ref().is_some_and(|token| token.reverse != request.reverse) {
        return Err(invalid("historyPageToken", "was made with another `reverse`: keep it for all pages"));
    }
    let implied = request != HistoryRequest::default() && !params.has("getWfHistory");
    let page_size = request.page_size.or_else(|| request.page_token.is_some().then_some(PAGE));
    Ok((params.flag("getWfHistory")? || implied).then_some(HistoryRequest { page_size, ..request }))
}

fn close_events(params: &Params) -> Result<bool, ApiError> {
    match params.text("historyFilter") {
        "" | "all" => Ok(false),
        "closeEvent" => Ok(true),
        other => Err(invalid("historyFilter", &format!("is `{other}`: write all or closeEvent"))),
    }
}

fn query(params: &Params) -> Result<Option<Query>, ApiError> {
    let query = Query {
        query_type: params.text("queryType").to_owned(),
        args: arguments(params.text("queryParams"))?,
        bound: params.duration("queryTimeout")?,
        reject: match params.text("queryRejectCondition") {
            "" | "none" => None,
            "notOpen" => Some(RejectCondition::NotOpen),
            "notCompletedCleanly" => Some(RejectCondition::NotCompletedCleanly),
            other => {
                let complaint = format!("is `{other}`: write none, notOpen or notCompletedCleanly");
                return Err(invalid("queryRejectCondition", &complaint));
            }
        },
    };
    if query.query_type.is_empty() && !query.args.is_empty() {
        return Err(invalid("queryParams", "needs a query: name it in queryType"));
    }
    Ok((!query.query_type.is_empty()).then_some(query))
}

fn arguments(text: &str) -> Result<Vec<RawJson>, ApiError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    // Parsed as a whole: every digit of a number is kept, and nothing may follow the array.
    serde_json::from_str(text)
        .map_err(|error| invalid("queryParams", &format!("is not a JSON array of arguments: {error}")))
}

/// Removes a quote at either end, because emcoctl's own sample puts quotes around the address.
fn unquoted(text: &str) -> &str {
    let text = text.strip_prefix(['"', '\'']).unwrap_or(text);
    text.strip_suffix(['"', '\'']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(query: &str) -> Result<StatusRequest, ApiError> {
        status_request(&Params::read(Some(query))?, None)
    }

    fn parameter_at_fault<T: std::fmt::Debug>(read: Result<T, ApiError>) -> Value {
        read.unwrap_err().problem().extensions["parameter"].clone()
    }

    #[test]
    fn arguments_of_a_query_are_passed_on_as_they_are_written() {
        let args = arguments("[9007199254740993, {\"a\": 1}]").unwrap();
        assert_eq!(args.iter().map(RawJson::as_str).collect::<Vec<_>>(), ["9007199254740993", "{\"a\": 1}"]);
        for wrong in ["[1],[2]", "[1] x", "null", "1"] {
            assert!(arguments(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn emcoctls_own_query_is_read() {
        let query = "workflowID=migrate-apps-1&runDescribeWfExec=true&waitForResult=false&getWfHistory=false\
                     &temporalServer='192.168.0.33:7233'&queryType=current-state";
        let asked =
            Query { query_type: "current-state".to_owned(), args: Vec::new(), bound: None, reject: None };
        let expected = StatusRequest { describe: true, query: Some(asked), ..StatusRequest::default() };
        assert_eq!(read(query).unwrap(), expected);
        for query in [query.to_owned(), query.replace('\'', "%22")] {
            let params = Params::read(Some(&query)).unwrap().only(&KEYS).unwrap();
            let run = Wanted::read(&params, &HeaderMap::new()).unwrap().run;
            assert_eq!(
                (run.temporal_server.as_str(), run.workflow_id.as_str()),
                ("192.168.0.33:7233", "migrate-apps-1")
            );
        }
    }

    #[test]
    fn one_quote_at_either_end_is_taken_off() {
        for text in ["a:1", "\"a:1\"", "'a:1'", "\"a:1", "a:1'", "'a:1\""] {
            assert_eq!(unquoted(text), "a:1", "{text}");
        }
    }

    #[test]
    fn timeouts_are_seconds_or_text_and_go_before_preferences() {
        for (text, seconds) in [("5", 5.0), ("0", 0.0), ("1m30s", 90.0), ("250ms", 0.25)] {
            let request =
                status_request(&Params::read(Some(&format!("timeout={text}"))).unwrap(), Some(7)).unwrap();
            assert_eq!(request.timeout, Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        assert_eq!(read("").unwrap().timeout, None);
        assert_eq!(
            status_request(&Params::default(), Some(7)).unwrap().timeout,
            Some(Duration::from_secs(7))
        );
        for text in ["soon", "-1", "-1s", "5 parsecs"] {
            assert_eq!(parameter_at_fault(read(&format!("timeout={text}"))), "timeout", "{text}");
            assert_eq!(parameter_at_fault(read(&format!("queryTimeout={text}"))), "queryTimeout", "{text}");
        }
    }

    #[test]
    fn a_query_has_arguments_a_bound_and_a_condition() {
        let query = "queryType=q&queryParams=[1,%22b%22]&queryTimeout=2&queryRejectCondition=notOpen";
        let expected = Query {
            query_type: "q".to_owned(),
            args: vec![json!(1).into(), json!("b").into()],
            bound: Some(Duration::from_secs(2)),
            reject: Some(RejectCondition::NotOpen),
        };
        assert_eq!(read(query).unwrap().query, Some(expected));
        for (query, parameter) in [
            ("queryType=q&queryParams=1", "queryParams"),
            ("queryType=q&queryParams={}", "queryParams"),
            ("queryType=q&queryParams=[1", "queryParams"),
            ("queryParams=[1]", "queryParams"),
            ("queryType=q&queryRejectCondition=open", "queryRejectCondition"),
        ] {
            assert_eq!(parameter_at_fault(read(query)), parameter, "{query}");
        }
    }

    #[test]
    fn parameters_of_the_history_imply_it() {
        assert_eq!(read("").unwrap().history, None);
        assert_eq!(read("getWfHistory=true").unwrap().history, Some(HistoryRequest::default()));
        let last = HistoryRequest { close_event: true, ..HistoryRequest::default() };
        assert_eq!(read("historyFilter=closeEvent").unwrap().history, Some(last));
        assert_eq!(read("historyFilter=closeEvent&getWfHistory=false").unwrap().history, None);
        let page = HistoryRequest { page_size: Some(5), reverse: true, ..HistoryRequest::default() };
        assert_eq!(read("historyPageSize=5&reverse=true").unwrap().history, Some(page));
        for (query, parameter) in [
            ("historyFilter=some", "historyFilter"),
            ("historyPageSize=0", "historyPageSize"),
            ("historyPageSize=1001", "historyPageSize"),
            ("historyPageSize=many", "historyPageSize"),
            ("historyPageToken=x", "historyPageToken"),
            ("reverse=1", "reverse"),
        ] {
            assert_eq!(parameter_at_fault(read(query)), parameter, "{query}");
        }
    }

    #[test]
    fn a_stream_goes_on_after_the_event_that_its_client_saw_last() {
        let id = |text: &'static str| {
            HeaderMap::from_iter([(LAST_EVENT_ID, http::HeaderValue::from_static(text))])
        };
        let after = |headers: &HeaderMap| follow_request(&Params::default(), headers);
        assert_eq!(after(&HeaderMap::new()).unwrap().after, None);
        assert_eq!(after(&id("run/7")).unwrap().after.unwrap().event_id, 7);
        assert_eq!(parameter_at_fault(after(&id("7"))), "last-event-id");
        let asking = Params::read(Some("queryType=q")).unwrap();
        assert_eq!(parameter_at_fault(follow_request(&asking, &HeaderMap::new())), "queryType");
    }
}
