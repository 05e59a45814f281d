//! A connection whose first bytes have been read: they distinguish HTTP/2 from HTTP/1 (RFC 9113 §3.4), with TLS or
//! without.

use std::io::{self, Cursor};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, join, split};

use super::request_line::RequestLines;

/// What a caller that speaks HTTP/2 sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads until the caller's version of HTTP is clear. Returns the connection, from its first byte on, and whether it is
/// HTTP/2. If it is HTTP/1, the request lines that are read from it contain no raw `"` (see
/// [`request_line`](super::request_line)).
///
/// # Errors
/// When the connection breaks.
pub(super) async fn opened<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
) -> io::Result<(impl AsyncRead + AsyncWrite + Unpin, bool)> {
    let mut first = Vec::with_capacity(PREFACE.len());
    while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
        let left = PREFACE.len() - first.len();
        if (&mut stream).take(left as u64).read_buf(&mut first).await? == 0 {
            break;
        }
    }
    let is_http2 = first == PREFACE;
    let (reader, writer) = split(stream);
    let reader = Cursor::new(first).chain(reader);
    let lines = (!is_http2).then(RequestLines::default);
    Ok((join(Rewritten { reader, lines }, writer), is_http2))
}

/// Reads with request lines rewritten, if there are any.
struct Rewritten<R> {
    reader: R,
    lines: Option<RequestLines>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Rewritten<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { reader, lines } = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(reader).poll_read(cx, buffer))?;
        if let Some(lines) = lines {
            lines.rewrite(&mut buffer.filled_mut()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}
