//! Who calls: the user whom the proxy in front of the bridge has authenticated and names in a header (`BRIDGE_USER_HEADER`).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;

use crate::app::Caller;

/// The header that names the user.
#[derive(Debug, Clone)]
pub(super) struct UserHeader(pub(super) HeaderName);

/// Needs an `Extension` with the `UserHeader`; a request without that header has no user.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user = parts.extensions.get::<UserHeader>().and_then(|header| parts.headers.get(&header.0));
        // Names are rarely ASCII only; what is not UTF-8 either is told as it can be.
        Ok(user.map(|user| Self::new(&String::from_utf8_lossy(user.as_bytes()))).unwrap_or_default())
    }
}
