//! The guard of HTTP clients that call URLs from input.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, redirect};
use url::{Host, Url};

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
