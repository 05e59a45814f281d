//! One unary call, as gRPC has it over HTTP/2 (its PROTOCOL-HTTP2.md): a message there, a message back, or a status.

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri};
use prost::Message;
use temporalio_client::tonic::{Code, Status};

use super::Origin;

/// Before each message: whether it is compressed (0: no), and its length, big-endian.
const PREFIX: usize = 5;
/// As much as most messages take.
const USUAL: usize = 1024;
/// The SDK's own bound on what a server may send.
const MAX_ANSWER: usize = 128 << 20;
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// What a server answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) message: Bytes,
}

/// A message as it is sent.
pub(super) fn framed(message: &impl Message) -> Result<Bytes, Status> {
    frame(|buffer| message.encode(buffer).map_err(|error| Status::internal(error.to_string())))
}

/// The same of a message that is bytes already.
pub(super) fn framed_bytes(message: &[u8]) -> Result<Bytes, Status> {
    frame(|buffer| {
        buffer.put_slice(message);
        Ok(())
    })
}

fn frame(put: impl FnOnce(&mut BytesMut) -> Result<(), Status>) -> Result<Bytes, Status> {
    let mut buffer = BytesMut::with_capacity(USUAL);
    buffer.put_bytes(0, PREFIX);
    put(&mut buffer)?;
    let length = u32::try_from(buffer.len() - PREFIX)
        .map_err(|_| Status::out_of_range("a message of gRPC has at most 4 GiB"))?;
    buffer[1..PREFIX].copy_from_slice(&length.to_be_bytes());
    Ok(buffer.freeze())
}

/// The head of a call; `headers` are all that it has.
pub(super) fn head(origin: &Origin, path: String, headers: HeaderMap) -> Result<Request<()>, Status> {
    let path = PathAndQuery::try_from(path).map_err(|error| Status::internal(error.to_string()))?;
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(origin.scheme.clone());
    uri.authority = Some(origin.authority.clone());
    uri.path_and_query = Some(path);
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_parts(uri).map_err(|error| Status::internal(error.to_string()))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Calls once. Dropped before its end, it tells the server that nobody waits any more.
pub(super) async fn exchange(
    mut sender: SendRequest<Bytes>,
    head: Request<()>,
    message: Bytes,
) -> Result<Answer, Status> {
    let (answer, mut body) = sender.send_request(head, false).map_err(|error| broken(&error))?;
    // All of it goes out together, once the connection's task runs.
    body.send_data(message, true).map_err(|error| broken(&error))?;
    let (head, body) = answer.await.map_err(|error| broken(&error))?.into_parts();
    // A server that refuses says so in its head alone.
    if let Some(status) = Status::from_header_map(&head.headers) {
        return Err(status);
    }
    if head.status != StatusCode::OK {
        let text = format!("answered with HTTP status {}, not as a gRPC server does", head.status);
        return Err(Status::new(code_of(head.status), text));
    }
    if !is_grpc(&head.headers) {
        return Err(Status::unknown("answered with something else than gRPC"));
    }
    let (message, trailers) = received(body).await?;
    let trailers = trailers.unwrap_or_default();
    if trailers.get(GRPC_STATUS).is_none_or(|status| status != "0") {
        let none = || Status::unknown("the answer ends without a status");
        return Err(Status::from_header_map(&trailers).unwrap_or_else(none));
    }
    Ok(Answer { headers: head.headers, message: unframed(message)? })
}

/// All of the body, and what comes after.
async fn received(mut body: RecvStream) -> Result<(Bytes, Option<HeaderMap>), Status> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        // It may send as much again. An error is one of the stream, which the next read tells.
        let _ = body.flow_control().release_capacity(chunk.len());
        if first.is_empty() {
            // Most answers are one chunk, which is taken as it is.
            first = chunk;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&chunk);
        if all.len() > MAX_ANSWER {
            return Err(Status::out_of_range(format!("the answer is larger than {MAX_ANSWER} bytes")));
        }
    }
    let trailers = body.trailers().await.map_err(|error| broken(&error))?;
    Ok((if all.is_empty() { first } else { all.freeze() }, trailers))
}

/// The one message of an answer.
fn unframed(mut answer: Bytes) -> Result<Bytes, Status> {
    let Some((&[packed, length @ ..], message)) = answer.split_first_chunk::<PREFIX>() else {
        return Err(Status::internal("the answer ends within its first bytes"));
    };
    if packed != 0 {
        return Err(Status::internal("the answer is compressed, though nobody asked for that"));
    }
    if u32::from_be_bytes(length) as usize != message.len() {
        return Err(Status::internal("the answer is not one whole message"));
    }
    Ok(answer.split_off(PREFIX))
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// The connection or the call on it broke; the codes are those of PROTOCOL-HTTP2.md where HTTP/2 has a reason.
fn broken(error: &h2::Error) -> Status {
    let code = match error.reason() {
        Some(Reason::CANCEL) => Code::Cancelled,
        Some(Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
        Some(Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        _ => Code::Unavailable,
    };
    Status::new(code, format!("the connection broke: {error}"))
}

/// What an answer means that comes from something before the server (http-grpc-status-mapping.md of gRPC).
fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use http::Response;
    use tokio::io::duplex;

    use super::*;

    /// What a server does about a call.
    struct Played {
        head: Response<()>,
        /// None: the head is all.
        chunks: Option<Vec<&'static [u8]>>,
        end: End,
    }

    enum End {
        Trailers(&'static [(&'static str, &'static str)]),
        Bare,
        Reset(Reason),
        HangsUp,
    }

    const OK: End = End::Trailers(&[("grpc-status", "0")]);

    fn head(status: u16, headers: &[(&'static str, &'static str)]) -> Response<()> {
        let head = Response::builder().status(status);
        headers.iter().fold(head, |head, (name, value)| head.header(*name, *value)).body(()).unwrap()
    }

    fn grpc(chunks: &[&'static [u8]], end: End) -> Played {
        let head = head(200, &[("content-type", "application/grpc+proto")]);
        Played { head, chunks: Some(chunks.to_vec()), end }
    }

    /// One call to a server that answers so. It has to come whole, in one message.
    async fn call(played: Played) -> Result<Bytes, Status> {
        let (near, far) = duplex(1 << 20);
        let server = tokio::spawn(async move {
            let mut connection = h2::server::handshake(far).await.unwrap();
            let (request, mut respond) = connection.accept().await.unwrap().unwrap();
            assert_eq!(request.uri().path(), "/service/Method");
            let serving = tokio::spawn(async move { while connection.accept().await.is_some() {} });
            let (asked, _) = received(request.into_body()).await.unwrap();
            assert_eq!(asked, &b"\0\0\0\0\x03ask"[..]);
            let Some(chunks) = played.chunks else {
                respond.send_response(played.head, true).unwrap();
                return serving.await.unwrap();
            };
            let mut body = respond.send_response(played.head, false).unwrap();
            for chunk in chunks {
                body.send_data(Bytes::from_static(chunk), false).unwrap();
                // So that it goes out by itself.
                tokio::task::yield_now().await;
            }
            match played.end {
                End::Trailers(trailers) => {
                    let trailers = head(200, trailers).into_parts().0.headers;
                    body.send_trailers(trailers).unwrap();
                }
                End::Bare => body.send_data(Bytes::new(), true).unwrap(),
                End::Reset(reason) => body.send_reset(reason),
                End::HangsUp => serving.abort(),
            }
            let _ = serving.await;
        });
        let (sender, connection) = h2::client::handshake(near).await.unwrap();
        let driven = tokio::spawn(connection);
        let origin = Origin { scheme: "http".parse().unwrap(), authority: "host:7233".parse().unwrap() };
        let request = super::head(&origin, "/service/Method".to_owned(), HeaderMap::new()).unwrap();
        let answer = exchange(sender, request, framed_bytes(b"ask").unwrap()).await;
        driven.abort();
        server.await.unwrap();
        answer.map(|answer| answer.message)
    }

    #[tokio::test]
    async fn a_message_is_read_whole_in_however_many_pieces_it_comes() {
        for chunks in [
            &[&b"\0\0\0\0\x06answer"[..]][..],
            &[b"\0\0", b"\0\0\x06an", b"sw", b"er"],
            &[b"\0\0\0\0\x06answer", b""],
        ] {
            assert_eq!(call(grpc(chunks, OK)).await.unwrap(), &b"answer"[..], "{chunks:?}");
        }
        assert_eq!(call(grpc(&[b"\0\0\0\0\0"], OK)).await.unwrap(), &b""[..]);
    }

    #[tokio::test]
    async fn a_servers_refusal_keeps_code_and_words() {
        const REFUSAL: &[(&str, &str)] = &[("grpc-status", "5"), ("grpc-message", "no%20such%20run")];
        let at_once = [&[("content-type", "application/grpc")], REFUSAL].concat();
        let at_once = Played { head: head(200, &at_once), chunks: None, end: OK };
        for played in [at_once, grpc(&[], End::Trailers(REFUSAL)), grpc(&[b"\0\0"], End::Trailers(REFUSAL))] {
            let status = call(played).await.unwrap_err();
            assert_eq!((status.code(), status.message()), (Code::NotFound, "no such run"));
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error_and_never_a_message() {
        let html = |status| Played {
            head: head(status, &[("content-type", "text/html")]),
            chunks: Some(vec![b"<html>"]),
            end: End::Bare,
        };
        for (played, code, words) in [
            (html(503), Code::Unavailable, "503"),
            (html(404), Code::Unimplemented, "404"),
            (html(401), Code::Unauthenticated, "401"),
            (html(200), Code::Unknown, "something else than gRPC"),
            (grpc(&[b"\0\0\0\0\x01a"], End::Bare), Code::Unknown, "without a status"),
            (grpc(&[b"\0\0\0\0\x01a"], End::Trailers(&[("x", "y")])), Code::Unknown, "without a status"),
            (grpc(&[b"\x01\0\0\0\x01a"], OK), Code::Internal, "compressed"),
            (grpc(&[b"\0\0\0\0\x02a"], OK), Code::Internal, "not one whole message"),
            (grpc(&[b"\0\0\0\0\x01ab"], OK), Code::Internal, "not one whole message"),
            (grpc(&[b"\0\0"], OK), Code::Internal, "first bytes"),
            (grpc(&[], OK), Code::Internal, "first bytes"),
            (grpc(&[b"\0"], End::Reset(Reason::CANCEL)), Code::Cancelled, "broke"),
            (grpc(&[b"\0"], End::Reset(Reason::ENHANCE_YOUR_CALM)), Code::ResourceExhausted, "broke"),
            (grpc(&[b"\0"], End::Reset(Reason::REFUSED_STREAM)), Code::Unavailable, "broke"),
            (grpc(&[b"\0"], End::HangsUp), Code::Unavailable, "broke"),
        ] {
            let status = call(played).await.unwrap_err();
            assert_eq!(status.code(), code, "{status}");
            assert!(status.message().contains(words), "{status}");
        }
    }
}
