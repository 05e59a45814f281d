//! The part of gRPC over HTTP/2 that unary calls need (PROTOCOL-HTTP2.md of gRPC).

use std::convert::Infallible;

use bytes::{BufMut, Bytes, BytesMut};
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

/// Returns the one message of a call.
pub(super) async fn message(body: Incoming) -> Result<Bytes, hyper::Error> {
    let mut body = body.collect().await?.to_bytes();
    // None is compressed: our programs turn that off.
    Ok(body.split_off(PREFIX.min(body.len())))
}

/// Returns the answer with this message; without one, gRPC's status 12, which a frontend gives to an unknown method.
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
