//! One extractor for all calls: the caller, the key, the parameters and the body.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use bridge_core::model::{AlarmId, DigKey, IntentKey, RuleKey, ScheduleKey, Source};
use bridge_core::{Actor, Clock, Correlation, Proof, Request};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use service::auth::{Identity, Proof as IdentityProof};
use service::heavy_body;
use service::origin::Origin;
use workflow_api::cut;
use workflow_api::read::Spelling;

use crate::api::Api;
use crate::problem::{ApiError, kinds};
use crate::wire::body::{Content, FieldValidation, Noted};
use crate::wire::params::{BodyParams, NoParams, Params, QueryParams};
use crate::wire::path::{DigPath, IntentPath};

/// A call of the API.
#[derive(Debug)]
pub(crate) struct Call<K, P = NoParams, B = ()> {
    /// The use cases and the settings.
    pub(crate) api: Arc<Api>,
    /// The caller, the correlation and the time.
    pub(crate) request: Request,
    /// The key in the path.
    pub(crate) key: K,
    /// The query parameters.
    pub(crate) params: P,
    /// The body.
    pub(crate) body: B,
    /// JSON paths of unknown fields of the body, for `Warning` headers.
    pub(crate) unknown: Vec<String>,
    /// How the other fields of the body were written, for the paths of faults.
    pub(crate) spelling: Spelling,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The path and the query.
    pub(crate) uri: Uri,
}

/// The key in a path.
pub(crate) trait Key: Clone + Send + 'static {
    /// The path's parameters.
    type Path: DeserializeOwned + Send;

    fn of(path: Self::Path) -> Self;
}

impl<K: Key, P: QueryParams, B: Content<K>> FromRequest<Arc<Api>> for Call<K, P, B> {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, api: &Arc<Api>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = Path::<K::Path>::from_request_parts(&mut parts, api).await;
        let key = K::of(path.map_err(IntoResponse::into_response)?.0);
        let (params, fields) = read_params::<P>(&parts, B::EXPECTED).map_err(IntoResponse::into_response)?;
        let mut context = context(&parts, &*api.clock);
        let (headers, uri) = (parts.headers.clone(), parts.uri.clone());
        let (body, Noted { unknown, spelling }) = if B::EXPECTED {
            let read_key = key.clone();
            let read = heavy_body(body, move |bytes| B::read(bytes, fields, &read_key)).await;
            read.map_err(|error| {
                ApiError::from(kinds::BODY_INCOMPLETE.problem(error.to_string())).into_response()
            })?
        } else {
            B::read(&[], fields, &key)
        }
        .map_err(IntoResponse::into_response)?;
        // A body may take its time, and what follows is counted from here.
        context.now = api.clock.now();
        let api = Arc::clone(api);
        Ok(Self { api, request: context, key, params, body, unknown, spelling, headers, uri })
    }
}

/// Parses the query parameters. An unknown parameter is rejected, so that a typing error does not change the
/// result.
fn read_params<P: QueryParams>(parts: &Parts, body: bool) -> Result<(P, FieldValidation), ApiError> {
    let mut known = P::names();
    if body {
        known.extend(BodyParams::names());
    }
    let params = Params::read(parts.uri.query())?.only(&known)?;
    Ok((P::read(&params)?, BodyParams::read(&params)?.field_validation))
}

/// Returns the context of a call: caller, correlation and time.
pub fn context(parts: &Parts, clock: &dyn Clock) -> Request {
    let correlation = Origin::current().map(|origin| Correlation {
        request_id: origin.request_id().to_owned(),
        trace_parent: origin.trace().parent().to_owned(),
        trace_state: origin.trace().state().map(str::to_owned),
    });
    let identity = parts.extensions.get::<Identity>().cloned().unwrap_or_default();
    Request {
        actor: actor(&identity),
        correlation: correlation.unwrap_or_default(),
        source: source(parts),
        now: clock.now(),
    }
}

/// Returns the caller with this identity.
pub fn actor(identity: &Identity) -> Actor {
    let proof = match identity.proof() {
        IdentityProof::None => Proof::None,
        IdentityProof::Token => Proof::Token,
        IdentityProof::Certificate => Proof::Certificate,
        IdentityProof::Proxy => Proof::Proxy,
        IdentityProof::Issuer => Proof::Issuer,
    };
    Actor::new(identity.name(), proof).issued(identity.issuer(), identity.groups())
}

/// Returns where the request came from. Texts of the caller are cut.
fn source(parts: &Parts) -> Source {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let text = |name| {
        let text = parts.headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
        cut(String::from_utf8_lossy(text).trim()).into_owned()
    };
    Source {
        address: peer.map(|ConnectInfo(peer)| peer.ip().to_string()).unwrap_or_default(),
        forwarded_for: text("x-forwarded-for"),
        user_agent: text("user-agent"),
    }
}

/// A call about nothing in its path.
impl Key for () {
    type Path = [String; 0];

    fn of([]: [String; 0]) {}
}

impl Key for DigKey {
    type Path = DigPath;

    fn of(path: DigPath) -> Self {
        path.into()
    }
}

impl Key for IntentKey {
    type Path = IntentPath;

    fn of(path: IntentPath) -> Self {
        path.into()
    }
}

/// The name in a path with one name.
impl Key for String {
    type Path = [String; 1];

    fn of([name]: [String; 1]) -> Self {
        name
    }
}

impl Key for AlarmId {
    type Path = [String; 1];

    fn of([id]: [String; 1]) -> Self {
        id.as_str().into()
    }
}

/// An intent, and the name of a part of it: a run or a revision.
impl Key for (IntentKey, String) {
    type Path = [String; 6];

    fn of([project, composite_app, version, dig, intent, part]: [String; 6]) -> Self {
        (DigKey { project, composite_app, version, dig }.intent(intent), part)
    }
}

impl Key for ScheduleKey {
    type Path = [String; 6];

    fn of(path: [String; 6]) -> Self {
        let (intent, name) = Key::of(path);
        Self { intent, name }
    }
}

/// A schedule, and the number of a revision.
impl Key for (ScheduleKey, String) {
    type Path = [String; 7];

    fn of([project, composite_app, version, dig, intent, schedule, part]: [String; 7]) -> Self {
        (ScheduleKey::of([project, composite_app, version, dig, intent, schedule]), part)
    }
}

/// The names in a path of rules. There is no project in those of rules over all projects.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RuleNames {
    project: Option<String>,
    rule: String,
    revision: String,
}

/// The project of rules; `None` for those over all projects.
impl Key for Option<String> {
    type Path = RuleNames;

    fn of(names: RuleNames) -> Self {
        names.project
    }
}

impl Key for RuleKey {
    type Path = RuleNames;

    fn of(RuleNames { project, rule, .. }: RuleNames) -> Self {
        Self { project, name: rule }
    }
}

/// A rule, and the number of a revision.
impl Key for (RuleKey, String) {
    type Path = RuleNames;

    fn of(RuleNames { project, rule, revision }: RuleNames) -> Self {
        (RuleKey { project, name: rule }, revision)
    }
}
