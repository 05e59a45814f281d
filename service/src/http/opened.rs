//! A connection whose first bytes have been looked at: they distinguish HTTP/2 from HTTP/1 (RFC 9113 §3.4), with TLS or without.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::request_line::RequestLines;

/// What a caller sends first who speaks HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The connection. Where it is HTTP/1, the request lines that are read from it hold no raw `"` (see
/// [`request_line`](super::request_line)).
#[derive(Debug)]
pub(super) struct Opened<S> {
    stream: S,
    /// What was looked at, and is to be read yet.
    first: Vec<u8>,
    /// None for HTTP/2.
    lines: Option<RequestLines>,
}

impl<S: AsyncRead + Unpin> Opened<S> {
    /// Reads until it is clear which version of HTTP the caller speaks.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(super) async fn new(mut stream: S) -> io::Result<Self> {
        let mut first = Vec::with_capacity(PREFACE.len());
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            let left = PREFACE.len() - first.len();
            if (&mut stream).take(left as u64).read_buf(&mut first).await? == 0 {
                break;
            }
        }
        let lines = (first != PREFACE).then(RequestLines::default);
        Ok(Self { stream, first, lines })
    }

    pub(super) fn is_http2(&self) -> bool {
        self.lines.is_none()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opened<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, first, lines } = self.get_mut();
        let before = buffer.filled().len();
        if first.is_empty() {
            ready!(Pin::new(stream).poll_read(cx, buffer))?;
        } else {
            let length = first.len().min(buffer.remaining());
            buffer.put_slice(&first[..length]);
            first.drain(..length);
        }
        if let Some(lines) = lines {
            lines.rewrite(&mut buffer.filled_mut()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opened<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
