//! HTTP/1.1 byte by byte: requests that HTTP clients do not send, and details of responses that they do not show.

use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::time::timeout;

/// Longer than any running server takes.
const WITHIN: Duration = Duration::from_secs(120);

/// A connection to which bytes are written unchanged. It is closed when dropped.
#[derive(Debug)]
pub struct Wire {
    stream: Box<dyn Stream>,
    /// Bytes that were read after the last response.
    read: Vec<u8>,
}

/// A response of HTTP/1.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireAnswer {
    /// The status code.
    pub status: u16,
    /// Status line and header lines, unchanged.
    pub head: String,
    /// The body as text.
    pub body: String,
}

/// TCP, or TLS over it.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Debug {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Debug> Stream for S {}

impl Wire {
    /// Connects to a server.
    pub async fn connect(address: impl ToSocketAddrs) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Uses an existing connection, for example one with TLS.
    pub fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + Debug + 'static) -> Self {
        Self { stream: Box::new(stream), read: Vec::new() }
    }

    /// Sends bytes. Bytes of two calls usually arrive apart.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await?;
        tokio::task::yield_now().await;
        Ok(())
    }

    /// Reads up to the end of the next head, and returns the response without its body.
    pub async fn head(&mut self) -> Result<WireAnswer> {
        let head = self.up_to(b"\r\n\r\n").await?;
        let head = head.with_context(|| {
            format!("the connection ended after {:?}", String::from_utf8_lossy(&self.read))
        })?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(WireAnswer { status: status.context("no status line")?, head, body: String::new() })
    }

    /// Reads the next line, and returns it without its end; `None` at the end of the connection.
    pub async fn line(&mut self) -> Result<Option<String>> {
        let line = self.up_to(b"\n").await?;
        Ok(line.map(|line| line.trim_end().to_owned()))
    }

    /// Reads the next response. A body without a length ends with the connection.
    pub async fn answer(&mut self) -> Result<WireAnswer> {
        let mut answer = self.head().await?;
        let length = match answer.header("content-length") {
            Some(length) => length.parse()?,
            None if matches!(answer.status, 100..200 | 204 | 304) => 0,
            None => usize::MAX,
        };
        while self.read.len() < length {
            if !self.more().await? {
                if length == usize::MAX {
                    break;
                }
                bail!("the connection ended within a body of {length} bytes");
            }
        }
        let body = self.read.drain(..length.min(self.read.len())).collect();
        answer.body = String::from_utf8(body)?;
        Ok(answer)
    }

    /// Waits until the server closes the connection, and fails if it sends anything before.
    pub async fn closed(mut self) -> Result<()> {
        if self.more().await? {
            bail!("the server sends {:?}", String::from_utf8_lossy(&self.read));
        }
        Ok(())
    }

    /// Reads up to the next `end`; `None` if the connection ends before.
    async fn up_to(&mut self, end: &[u8]) -> Result<Option<String>> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|bytes| bytes == end) {
                let text = self.read.drain(..at + end.len()).collect();
                return Ok(Some(String::from_utf8(text)?));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// Reads more bytes, and returns false at the end of the connection.
    async fn more(&mut self) -> Result<bool> {
        let read = timeout(WITHIN, self.stream.read_buf(&mut self.read)).await;
        let read = read.map_err(|_| anyhow!("nothing came within {WITHIN:?}"))?;
        // A connection that was reset is closed too.
        Ok(read.is_ok_and(|length| length > 0))
    }
}

impl WireAnswer {
    /// Returns the status code and the body.
    pub fn parts(self) -> (u16, String) {
        (self.status, self.body)
    }

    /// Returns the value of a header. The case of the name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}
