//! The guard of HTTP clients that call URLs from input.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, Response, redirect};
use url::{Host, Url};
use workflow_api::{Fault, Problem};

use super::{ResolveError, Resolver, is_forbidden};

/// Makes a client connect only to addresses that `resolver` allows: exactly those that were checked.
/// Redirects and proxies are not used, because they would circumvent the check.
///
/// An address in a URL is not resolved, so the caller must also [`check`] each URL.
pub fn guarded(client: ClientBuilder, resolver: Resolver) -> ClientBuilder {
    client.redirect(redirect::Policy::none()).no_proxy().dns_resolver(Arc::new(Checked(resolver)))
}

/// Checks the host of a URL, if it is an address. `url` has parsed unusual forms (decimal, octal) already.
///
/// # Errors
/// Returns an error if the address is never called.
pub fn check(url: &Url) -> Result<(), ResolveError> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if is_forbidden(address) { Err(ResolveError::Forbidden { host: address.to_string() }) } else { Ok(()) }
}

/// Whether a call failed because its host has only addresses that are never called.
pub fn is_refusal(error: &reqwest::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.any(|cause| matches!(cause.downcast_ref(), Some(ResolveError::Forbidden { .. })))
}

/// Maximum length of the text of an error, and of problem details, in bytes.
const TEXT: usize = 1024;
const PROBLEM: usize = 64 << 10;

/// The body of an error response.
#[derive(Debug, Default)]
pub struct ErrorBody {
    /// Its text, up to a KiB.
    pub text: String,
    /// The faults, if the body is problem details of at most 64 KiB.
    pub faults: Vec<Fault>,
}

/// Returns the body of an error response, if it has the format of EMCO's and our own services: one line of Go's
/// `http.Error`, or problem details (RFC 9457). `also` are plain texts that are returned as well.
///
/// Any other response may be that of a stranger to whom a URL from input has led, and must not be repeated. An
/// incomplete text is still useful.
pub async fn error_body(response: Response, also: &[&str]) -> Option<ErrorBody> {
    let has = |name, start: &[u8]| {
        response.headers().get(name).is_some_and(|text| text.as_bytes().starts_with(start))
    };
    let is_problem = has(CONTENT_TYPE, b"application/problem+json");
    let is_plain = has(CONTENT_TYPE, b"text/plain");
    let is_of_go = is_plain && has(X_CONTENT_TYPE_OPTIONS, b"nosniff");
    let body = beginning(response, if is_problem { PROBLEM } else { TEXT }).await;
    let text = String::from_utf8_lossy(&body[..body.len().min(TEXT)]).trim().to_owned();
    let is_repeated = is_problem
        || is_of_go && !text.contains(char::is_control)
        || is_plain && also.contains(&text.as_str());
    let problem = is_problem.then(|| serde_json::from_slice::<Problem>(&body).ok()).flatten();
    is_repeated.then(|| ErrorBody { text, faults: problem.map(|problem| problem.faults).unwrap_or_default() })
}

/// Returns the first `most` bytes of a body, or fewer if it is shorter or breaks off.
pub async fn beginning(mut response: Response, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(most);
    bytes
}

/// Removes the addresses that are never called.
#[derive(Debug)]
struct Checked(Resolver);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.0.clone();
        Box::pin(async move {
            // The port of the URL is used, whatever this one is.
            let addresses: Addrs = Box::new(resolver.allowed(name.as_str(), 0).await?.into_iter());
            Ok(addresses)
        })
    }
}
