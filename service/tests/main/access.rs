//! What is recorded of each request: its ID, its metrics.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use http_body_util::BodyExt;
use service::http::standard;
use service::metrics::Metrics;
use service::origin::Origin;
use tower::ServiceExt;

fn router() -> Router {
    let id = get(async || Origin::current().unwrap().request_id().to_owned());
    let routes =
        Router::new().route("/things/{name}", id).route("/for-ever", get(std::future::pending::<()>));
    standard(routes, 10)
}

fn request(path: &str) -> Request {
    Request::get(path).body(Body::empty()).unwrap()
}

/// Returns the request ID that the response has, and the one that the handler got.
async fn ids(own: Option<&'static str>) -> (String, String) {
    let mut request = request("/things/one?key=value");
    if let Some(id) = own {
        request.headers_mut().insert("x-request-id", id.parse().unwrap());
    }
    let response = router().oneshot(request).await.unwrap();
    let header = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (header, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_callers_id_goes_through() {
    assert_eq!(ids(Some("abc-1/2:3")).await, ("abc-1/2:3".to_owned(), "abc-1/2:3".to_owned()));
}

#[tokio::test]
async fn other_ids_are_replaced_by_ours() {
    for own in [None, Some(""), Some("a b"), Some("\"quoted\"")] {
        let (header, body) = ids(own).await;
        assert_eq!(header, body);
        assert!(uuid::Uuid::try_parse(&header).is_ok(), "{own:?} gave {header}");
    }
}

#[tokio::test]
async fn requests_are_measured_by_route() {
    let metrics = Metrics::install("test", "0");
    ids(None).await;
    router().oneshot(request("/made/up")).await.unwrap();
    let text = metrics.render();
    assert!(text.contains(r#"route="/things/{name}",status="200""#), "{text}");
    assert!(text.contains(r#"route="unknown",status="404""#), "{text}");
    assert!(!text.contains("made/up"), "{text}");
}

#[tokio::test]
async fn an_abandoned_request_is_counted_as_such() {
    let metrics = Metrics::install("test", "0");
    let response = tokio::time::timeout(Duration::from_millis(1), router().oneshot(request("/for-ever")));
    assert!(response.await.is_err());
    assert!(metrics.render().contains(r#"route="/for-ever",status="499""#));
}
