//! Accepts a raw `"` in a request line: in the query it means `%22`, in the path it becomes `'`.
//!
//! emcoctl's own status sample sends `temporalServer="192.168.0.33:7233"` with the quotes raw (EMCO-API §5.6, §5.7
//! item 4), and the `http` crate refuses that byte in a query before any handler runs. So it is rewritten while it is
//! read, before hyper parses it, at equal length, so that no boundary moves: in the query to a backtick, which may
//! stand in no URL either (RFC 3986 §2), and which [`restored`] turns into `%22` once hyper has read it; in the path to
//! a byte that EMCO's readers remove as well.
//!
//! Only request lines may be changed: a body may hold quotes, line ends and text that looks like a request.
//! [`RequestLines`] therefore follows the framing of HTTP/1 (RFC 9112 §6): request line, header lines, then a body of
//! known length or in chunks. To find the end of a message it reads only what hyper reads, and by hyper's rules:
//! `Content-Length` and `Transfer-Encoding`. It need not follow a message that hyper refuses, because hyper then closes
//! the connection. Whatever it does not clearly understand ends the rewriting for the rest of the connection.
//!
//! Of the ways that we know this is the most robust. Giving hyper one request at a time needs the same framing and
//! holds bytes back; rewriting whatever looks like a request line damages bodies; parsing the head ourselves would be a
//! second HTTP stack.

use http::Uri;
use memchr::{memchr, memrchr};

/// The longest line of a head, a chunk's size or a trailer that is read. A usual one is below 40 bytes.
const MAX_LINE: usize = 256;

/// What a quote becomes.
const IN_PATH: u8 = b'\'';
const IN_QUERY: u8 = b'`';

/// Returns the target with the quotes of its query as `%22`, or `None` if it has no quotes.
pub(super) fn restored(uri: &Uri) -> Option<Uri> {
    let query = uri.query().filter(|query| memchr(IN_QUERY, query.as_bytes()).is_some())?;
    let target = format!("{}?{}", uri.path(), query.replace(char::from(IN_QUERY), "%22"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = target.parse().ok();
    Uri::from_parts(parts).ok()
}

/// Follows the bytes that arrive on one connection.
#[derive(Debug, Default)]
pub(super) struct RequestLines {
    at: At,
    /// The beginning of a line that has not arrived completely, up to one byte more than [`MAX_LINE`].
    line: Vec<u8>,
    framing: Framing,
}

/// Where in a message the next byte is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before a request, where empty lines may stand.
    #[default]
    Start,
    Method,
    Path,
    Query,
    HeaderLine,
    /// In a body of known length, with this number of bytes left.
    Body(u64),
    /// In a chunk and the line end after it (RFC 9112 §7.1), with this number of bytes left.
    Chunk(u64),
    ChunkSize,
    Trailer,
    /// Where nothing is rewritten any more.
    HandsOff,
}

/// What the header lines say about the body.
#[derive(Debug, Default)]
struct Framing {
    length: Option<u64>,
    /// Whether the last `Transfer-Encoding` ends in `chunked`.
    chunked: Option<bool>,
    unclear: bool,
}

impl RequestLines {
    /// Rewrites the quotes that belong to request lines in `bytes`, the next ones of the connection.
    pub(super) fn rewrite(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let done = match self.at {
                At::Start => self.start(bytes),
                At::Method | At::Path | At::Query => self.request_line(bytes),
                At::HeaderLine | At::ChunkSize | At::Trailer => self.line(bytes),
                At::Body(left) => self.skip(bytes, left, At::Body, At::Start),
                At::Chunk(left) => self.skip(bytes, left, At::Chunk, At::ChunkSize),
                At::HandsOff => return,
            };
            bytes = &mut bytes[done..];
        }
    }

    fn start(&mut self, bytes: &[u8]) -> usize {
        let blank = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
        if blank.is_some() {
            self.at = At::Method;
        }
        blank.unwrap_or(bytes.len())
    }

    fn request_line(&mut self, bytes: &mut [u8]) -> usize {
        let newline = memchr(b'\n', bytes);
        let end = newline.map_or(bytes.len(), |newline| newline + 1);
        for byte in &mut bytes[..end] {
            match (self.at, *byte) {
                (At::Method, b' ') => self.at = At::Path,
                (At::Path, b'?') => self.at = At::Query,
                (At::Path, b'"') => *byte = IN_PATH,
                (At::Query, b'"') => *byte = IN_QUERY,
                // hyper refuses a quote there, and a backtick of the caller's is no quote.
                (At::Query, IN_QUERY) => *byte = b'"',
                _ => {}
            }
        }
        if newline.is_some() {
            self.at = At::HeaderLine;
        }
        end
    }

    /// Collects a line, and reads it when it is complete.
    fn line(&mut self, bytes: &[u8]) -> usize {
        let newline = memchr(b'\n', bytes);
        let end = newline.map_or(bytes.len(), |newline| newline + 1);
        // One byte more than the limit shows that a line is too long.
        let room = (MAX_LINE + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..end.min(room)]);
        if newline.is_some() {
            let line = std::mem::take(&mut self.line);
            self.at = self.after(&line);
            self.line = line;
            self.line.clear();
        }
        end
    }

    /// Where a line leads to.
    fn after(&mut self, line: &[u8]) -> At {
        match self.at {
            At::HeaderLine if self.framing.read(line) => std::mem::take(&mut self.framing).body(),
            At::ChunkSize => chunk_size(line).unwrap_or(At::HandsOff),
            At::Trailer if line == b"\r\n" => At::Start,
            // To hyper a trailer goes on after a newline alone.
            At::Trailer if line.len() > MAX_LINE || !line.ends_with(b"\r\n") => At::HandsOff,
            at => at,
        }
    }

    fn skip(&mut self, bytes: &[u8], left: u64, at: fn(u64) -> At, end: At) -> usize {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left - here as u64;
        self.at = if left == 0 { end } else { at(left) };
        here
    }
}

/// Where the line before a chunk leads to, if hyper may accept it: digits, then blanks and an extension.
fn chunk_size(line: &[u8]) -> Option<At> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit())?;
    let size = u64::from_str_radix(std::str::from_utf8(&line[..end]).ok()?, 16).ok()?;
    Some(if size == 0 { At::Trailer } else { At::Chunk(size.checked_add(2)?) })
}

impl Framing {
    /// Reads a header line. Returns whether it is the empty line that ends the head.
    fn read(&mut self, line: &[u8]) -> bool {
        let long = line.len() > MAX_LINE;
        let line = line.trim_ascii_end();
        let Some(colon) = memchr(b':', line) else { return line.is_empty() };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            let plain = value.iter().all(u8::is_ascii_digit) && length.is_some();
            self.unclear |= long || !plain || self.length.is_some_and(|known| Some(known) != length);
            self.length = length;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = memrchr(b',', value).map_or(value, |comma| &value[comma + 1..]);
            self.unclear |= long;
            self.chunked = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        }
        false
    }

    /// Where the head leads to.
    fn body(self) -> At {
        match (self.chunked, self.length) {
            _ if self.unclear => At::HandsOff,
            // hyper closes the connection after a request that has both.
            (Some(_), Some(_)) | (Some(false), None) => At::HandsOff,
            (Some(true), None) => At::ChunkSize,
            (None, Some(0) | None) => At::Start,
            (None, Some(length)) => At::Body(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What becomes of `bytes` that arrive in pieces of the given lengths, and then the rest.
    fn rewritten(bytes: &[u8], pieces: &[usize]) -> Vec<u8> {
        let mut lines = RequestLines::default();
        let mut bytes = bytes.to_vec();
        let mut rest = bytes.as_mut_slice();
        for piece in pieces {
            let (now, later) = rest.split_at_mut((*piece).min(rest.len()));
            lines.rewrite(now);
            rest = later;
        }
        lines.rewrite(rest);
        bytes
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_come_out_the_same(
            bytes in r#"([a-zA-Z":/ \r\n0-9]|content-length: 5\r\n|transfer-encoding: chunked\r\n|\r\n\r\n|GET / HTTP/1\.1\r\n){0,60}"#,
            pieces in proptest::collection::vec(0_usize..9, 0..60),
        ) {
            let whole = rewritten(bytes.as_bytes(), &[]);
            prop_assert_eq!(&whole, &rewritten(bytes.as_bytes(), &pieces));
            // Nothing but quotes changes, and nothing else becomes of them.
            for (before, after) in bytes.bytes().zip(whole) {
                prop_assert!(before == after || (before == b'"' && [IN_PATH, IN_QUERY].contains(&after)));
            }
        }

        #[test]
        fn bytes_without_quotes_pass_unchanged(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| !b"\"`".contains(byte)).collect();
            prop_assert_eq!(&rewritten(&bytes, &[]), &bytes);
        }
    }

    /// A second request after `head` and `body`, whose quotes stay because its beginning is not certain.
    fn stays(head: &str, body: &str) {
        let bytes = format!("POST / HTTP/1.1\r\n{head}\r\n{body}GET /\"x\" HTTP/1.1\r\n\r\n");
        assert_eq!(String::from_utf8(rewritten(bytes.as_bytes(), &[])).unwrap(), bytes, "{head}");
    }

    #[test]
    fn unclear_framing_ends_the_rewriting() {
        stays("Content-Length: 4\r\nContent-Length: 5\r\n", "body");
        stays("Content-Length: four\r\n", "body");
        stays("Content-Length: +4\r\n", "body");
        stays("Content-Length:\r\n", "");
        stays("Content-Length: 99999999999999999999\r\n", "body");
        stays("Transfer-Encoding: gzip\r\n", "body");
        stays("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", "body");
        stays("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "4\r\nbody\r\n0\r\n\r\n");
        stays(&format!("Content-Length: 4{}\r\n", " ".repeat(300)), "body");
        stays("Transfer-Encoding: chunked\r\n", "ten\r\n");
        stays("Transfer-Encoding: chunked\r\n", "4\r\nbody and more\r\n0\r\n\r\n");
        stays("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n");
    }

    #[test]
    fn quotes_of_a_query_are_restored_as_what_they_mean() {
        let restored = |uri: &str| restored(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(restored("/a'b?c=`d`&e=1").as_deref(), Some("/a'b?c=%22d%22&e=1"));
        assert_eq!(restored("http://host:1/a?`").as_deref(), Some("http://host:1/a?%22"));
        assert_eq!(restored("/a?c=1"), None);
        assert_eq!(restored("/a"), None);
    }

    #[test]
    fn equal_lengths_count_once() {
        let sent = b"POST / HTTP/1.1\r\ncontent-length: 1\r\nCONTENT-LENGTH:1\t\r\n\r\n\"GET /\"x\" HTTP/1.1\r\n\r\n";
        let seen =
            b"POST / HTTP/1.1\r\ncontent-length: 1\r\nCONTENT-LENGTH:1\t\r\n\r\n\"GET /'x' HTTP/1.1\r\n\r\n";
        assert_eq!(rewritten(sent, &[]), seen);
    }
}
