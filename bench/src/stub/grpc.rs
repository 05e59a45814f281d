//! gRPC over HTTP/2, as much of it as unary calls need (its protocol: PROTOCOL-HTTP2.md of gRPC).

use std::convert::Infallible;
use std::io::Read;

use bytes::{BufMut, Bytes, BytesMut};
use flate2::read::GzDecoder;
use futures::stream::{self, Iter};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};

/// Before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;
const OK: HeaderValue = HeaderValue::from_static("0");
const UNIMPLEMENTED: HeaderValue = HeaderValue::from_static("12");

type Frames = std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>;
/// The body of an answer.
pub(super) type Reply = StreamBody<Iter<Frames>>;

/// The one message of a call.
pub(super) async fn message(body: Incoming) -> Result<Bytes, hyper::Error> {
    let mut body = body.collect().await?.to_bytes();
    let message = body.split_off(PREFIX.min(body.len()));
    Ok(if body.first() == Some(&1) { inflated(&message).into() } else { message })
}

/// What Temporal's SDK packs unless it is told not to; what cannot be unpacked is no message that anybody knows.
fn inflated(packed: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    match GzDecoder::new(packed).read_to_end(&mut message) {
        Ok(_) => message,
        Err(_) => Vec::new(),
    }
}

/// The answer with this message; without one, gRPC's status 12, as a frontend gives it to a method that it does not know.
pub(super) fn response(message: Option<Bytes>) -> Response<Reply> {
    let status = if message.is_some() { OK } else { UNIMPLEMENTED };
    let mut frames = Vec::with_capacity(2);
    if let Some(message) = message {
        let mut data = BytesMut::with_capacity(PREFIX + message.len());
        data.put_u8(0);
        data.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
        data.extend_from_slice(&message);
        frames.push(Ok(Frame::data(data.freeze())));
    }
    frames
        .push(Ok(Frame::trailers(HeaderMap::from_iter([("grpc-status".parse().expect("a name"), status)]))));
    let mut response = Response::new(StreamBody::new(stream::iter(frames)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
