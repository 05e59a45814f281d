//! Bodies, off the threads that respond.

use axum::body::Body;
use heavy::heavy;
use http_body_util::BodyExt;
use hyper::body::Buf;

/// Receives a body, and runs `work` on it as [`heavy()`] does. There its pieces are joined too: the memory for a large
/// body alone takes a millisecond.
///
/// # Errors
/// When the body does not arrive completely. The limits of the server decide how this is reported.
pub async fn heavy_body<T: Send + 'static>(
    body: Body,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, axum::Error> {
    let mut pieces = body.collect().await?.aggregate();
    let size = pieces.remaining();
    Ok(heavy(size, move || work(&pieces.copy_to_bytes(size))).await)
}
