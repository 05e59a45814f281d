//! The parameters of a status call: EMCO's (EMCO-API §1.6), and our own.

use std::time::Duration;

use bridge_core::ports::{HistoryRequest, PageToken, Query, RejectCondition};
use bridge_core::{FollowRequest, Position, StatusRequest};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;
use workflow_api::RawJson;

use super::events::LAST_EVENT_ID;
use crate::problem::ApiError;
use crate::wire::params::{invalid, some_parsed, some_time, time};

/// The maximum number of events on a page.
const PAGE_MAX: usize = 1000;
/// The default number of events on a page after the first.
const PAGE: usize = 100;

/// The parts of a status. Names are case-sensitive, and the first of repeated parameters is used.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatusParams {
    /// Whether to wait for the end of the run and of those that continue its work, and return the result or
    /// the failure.
    wait_for_result: bool,
    /// Maximum time to wait for the end: seconds, or text like `1m30s`.
    #[serde(deserialize_with = "time")]
    #[param(value_type = Option<String>, example = "30s")]
    timeout: Option<Duration>,
    /// Whether to return Temporal's description of the run.
    run_describe_wf_exec: bool,
    /// Whether to return the history of the run. Any other parameter of the history implies it.
    get_wf_history: Option<bool>,
    /// Which events to return: `all` (default), or `closeEvent` for the one that closed the run.
    #[param(value_type = Option<String>, pattern = "^(all|closeEvent)$", example = "closeEvent")]
    history_filter: HistoryFilter,
    /// Maximum number of events. Without it, all are returned.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, example = 100)]
    history_page_size: Option<usize>,
    /// The `historyNextPageToken` of the previous page. Later pages are about the same run as the first.
    #[serde(deserialize_with = "some_parsed")]
    #[param(value_type = Option<String>)]
    history_page_token: Option<PageToken>,
    /// Whether the history begins with its newest event.
    reverse: bool,
    /// The name of a query to send to the workflow.
    #[param(value_type = Option<String>, example = "current-state")]
    query_type: String,
    /// The arguments of the query: a JSON array.
    #[param(value_type = Option<String>, example = json!("[\"app-1\", 2]"))]
    query_params: String,
    /// When to reject the query: `none` (default), `notOpen` if the run has ended, `notCompletedCleanly` if
    /// it has ended in another state than completed.
    #[param(
        value_type = Option<String>,
        pattern = "^(none|notOpen|notCompletedCleanly)$",
        example = "notOpen"
    )]
    query_reject_condition: RejectWord,
    /// Timeout of the query: seconds, or text like `1m30s`. Default: 10 seconds.
    #[serde(deserialize_with = "some_time")]
    #[param(value_type = Option<String>, example = "5s")]
    query_timeout: Option<Duration>,
    /// Whether to return the stack traces of a failure.
    stack_trace: bool,
}

/// Which events of a history are returned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum HistoryFilter {
    #[default]
    #[serde(alias = "")]
    All,
    CloseEvent,
}

/// When a query is rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum RejectWord {
    #[default]
    #[serde(alias = "")]
    None,
    NotOpen,
    NotCompletedCleanly,
}

impl StatusParams {
    /// Returns the parts of a status. `run_id` is the run in the request, `preferred` the number of seconds in
    /// `Prefer: wait`.
    pub(crate) fn status(self, run_id: &str, preferred: Option<u32>) -> Result<StatusRequest, ApiError> {
        let preferred = preferred.map(|seconds| Duration::from_secs(seconds.into()));
        if let Some(token) = &self.history_page_token
            && !run_id.is_empty()
            && token.run_id.as_str() != run_id
        {
            let complaint = format!("belongs to run `{}`: leave runID out", token.run_id);
            return Err(invalid("historyPageToken", &complaint));
        }
        Ok(StatusRequest {
            wait: self.wait_for_result,
            timeout: self.timeout.or(preferred),
            describe: self.run_describe_wf_exec,
            history: self.history()?,
            stack_trace: self.stack_trace,
            declared: None,
            query: self.query()?,
        })
    }

    /// Returns the content of a stream, which always has state, history and end.
    pub(crate) fn stream(&self, headers: &HeaderMap) -> Result<FollowRequest, ApiError> {
        for (key, present) in [
            ("timeout", self.timeout.is_some()),
            ("historyPageSize", self.history_page_size.is_some()),
            ("historyPageToken", self.history_page_token.is_some()),
            ("reverse", self.reverse),
            ("queryType", !self.query_type.is_empty()),
            ("queryParams", !self.query_params.is_empty()),
            ("queryRejectCondition", self.query_reject_condition != RejectWord::None),
            ("queryTimeout", self.query_timeout.is_some()),
        ] {
            if present {
                let complaint = "is not supported for a stream: leave it out, or accept application/json";
                return Err(invalid(key, complaint));
            }
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
        Ok(FollowRequest { after, close_events: self.close_events(), stack_trace: self.stack_trace })
    }

    fn close_events(&self) -> bool {
        self.history_filter == HistoryFilter::CloseEvent
    }

    fn history(&self) -> Result<Option<HistoryRequest>, ApiError> {
        let request = HistoryRequest {
            close_event: self.close_events(),
            reverse: self.reverse,
            page_size: self.history_page_size,
            page_token: self.history_page_token.clone(),
        };
        if request.page_size.is_some_and(|size| !(1..=PAGE_MAX).contains(&size)) {
            return Err(invalid("historyPageSize", &format!("is out of bounds: write 1 to {PAGE_MAX}")));
        }
        if request.page_token.as_ref().is_some_and(|token| token.reverse != request.reverse) {
            let complaint = "was made with another `reverse`: keep it for all pages";
            return Err(invalid("historyPageToken", complaint));
        }
        let wanted = self.get_wf_history.unwrap_or_else(|| request != HistoryRequest::default());
        let page_size = request.page_size.or_else(|| request.page_token.is_some().then_some(PAGE));
        Ok(wanted.then_some(HistoryRequest { page_size, ..request }))
    }

    fn query(self) -> Result<Option<Query>, ApiError> {
        let args = arguments(&self.query_params)?;
        if self.query_type.is_empty() {
            return match args.is_empty() {
                true => Ok(None),
                false => Err(invalid("queryParams", "needs a query: name it in queryType")),
            };
        }
        let reject = match self.query_reject_condition {
            RejectWord::None => None,
            RejectWord::NotOpen => Some(RejectCondition::NotOpen),
            RejectWord::NotCompletedCleanly => Some(RejectCondition::NotCompletedCleanly),
        };
        Ok(Some(Query { query_type: self.query_type, args, bound: self.query_timeout, reject }))
    }
}

fn arguments(text: &str) -> Result<Vec<RawJson>, ApiError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    // Parsed as a whole: every digit of a number is kept, and nothing may follow the array.
    serde_json::from_str(text)
        .map_err(|error| invalid("queryParams", &format!("is not a JSON array of arguments: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::params::{Params, QueryParams};

    fn params(query: &str) -> Result<StatusParams, ApiError> {
        StatusParams::read(&Params::read(Some(query))?)
    }

    fn read(query: &str) -> Result<StatusRequest, ApiError> {
        params(query)?.status("", None)
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
        let query = "runDescribeWfExec=true&waitForResult=false&getWfHistory=false&queryType=current-state";
        let asked =
            Query { query_type: "current-state".to_owned(), args: Vec::new(), bound: None, reject: None };
        let expected = StatusRequest { describe: true, query: Some(asked), ..StatusRequest::default() };
        assert_eq!(read(query).unwrap(), expected);
    }

    #[test]
    fn timeouts_go_before_preferences() {
        let timeout = |query: &str| params(query).unwrap().status("", Some(7)).unwrap().timeout;
        assert_eq!(timeout("timeout=1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(timeout(""), Some(Duration::from_secs(7)));
        assert_eq!(read("").unwrap().timeout, None);
        for wrong in ["soon", "0", "0s", "PT0S", "0ms"] {
            let query = format!("queryType=q&queryTimeout={wrong}");
            assert_eq!(parameter_at_fault(read(&query)), "queryTimeout", "{wrong}");
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
        let after = |headers: &HeaderMap| StatusParams::default().stream(headers);
        assert_eq!(after(&HeaderMap::new()).unwrap().after, None);
        assert_eq!(after(&id("run/7")).unwrap().after.unwrap().event_id, 7);
        assert_eq!(parameter_at_fault(after(&id("7"))), "last-event-id");
        let asking = params("queryType=q").unwrap();
        assert_eq!(parameter_at_fault(asking.stream(&HeaderMap::new())), "queryType");
    }
}
