//! Resolving the names of hosts, without the addresses that are never called.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use service::outbound::Resolver;

/// Removes the addresses that are never called. The connection uses exactly the addresses that were checked.
#[derive(Debug)]
pub(crate) struct CheckedResolver(pub(crate) Resolver);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.0.clone();
        Box::pin(async move {
            // The port of the URL is used, whatever this one is.
            let addresses: Addrs = Box::new(resolver.allowed(name.as_str(), 0).await?.into_iter());
            Ok(addresses)
        })
    }
}
