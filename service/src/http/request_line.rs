//! A raw `"` in a request line is taken: in the query it comes to mean `%22`, in the path it becomes `'`.
//!
//! emcoctl's own status sample sends `temporalServer="192.168.0.33:7233"` with the quotes raw (EMCO-API §5.6, §5.7 item 4), and
//! the `http` crate refuses that byte before any handler runs. So it is rewritten while it is read, before hyper parses, at equal
//! length, so that no boundary moves: in the query to a backtick, which stands in no URL either (RFC 3986 §2), and which
//! [`restored`] turns into `%22` once hyper has read it; in the path to a byte that EMCO's readers strip as well.
//!
//! Only request lines may be touched: a body may hold quotes, line ends and text that looks like a request. [`RequestLines`]
//! therefore follows the framing of HTTP/1 (RFC 9112 §6) byte by byte: request line, header lines, then a body of known length
//! or in chunks. It reads only what hyper reads to find the end of a message (`Content-Length`, `Transfer-Encoding`), by hyper's
//! rules. A message that hyper would refuse need not be followed, as hyper closes the connection there. Whatever is not plainly
//! understood ends the rewriting for the rest of the connection: when in doubt, bytes stay as they are.
//!
//! This is the sturdiest of the ways that we saw. Handing hyper one request at a time needs the same framing and holds bytes
//! back; rewriting whatever looks like a request line damages bodies; parsing the head ourselves would be a second HTTP stack.

use http::Uri;
use memchr::{memchr, memrchr};

/// The longest framing header line that is understood. A sane one is below 40 bytes.
const MAX_FRAMING_LINE: usize = 256;

/// What a quote becomes.
const IN_PATH: u8 = b'\'';
const IN_QUERY: u8 = b'`';

/// The target with the quotes of its query as `%22`. None where it has none.
pub(super) fn restored(uri: &Uri) -> Option<Uri> {
    let query = uri.query().filter(|query| memchr(IN_QUERY, query.as_bytes()).is_some())?;
    let target = format!("{}?{}", uri.path(), query.replace(char::from(IN_QUERY), "%22"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = target.parse().ok();
    Uri::from_parts(parts).ok()
}

/// Follows one connection's incoming bytes.
#[derive(Debug, Default)]
pub(super) struct RequestLines {
    at: At,
    /// The beginning of a header line that is not whole yet.
    line: Vec<u8>,
    framing: Framing,
}

/// Where in a message the next byte is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before a request, where empty lines may stand.
    #[default]
    Start,
    /// In a request line; in its query, or before.
    RequestLine {
        query: bool,
    },
    HeaderLine,
    /// In a body of known length, so many bytes before its end.
    Body(u64),
    Chunk(Chunk),
    /// Where no rewriting is done any more.
    HandsOff,
}

/// Where in a chunked body (RFC 9112 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    Size { size: u64, digits: bool },
    AfterSize(u64),
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
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
    /// Rewrite the quotes in those of `bytes`, the next of the connection, that belong to request lines.
    pub(super) fn rewrite(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let done = match self.at {
                At::Start => self.start(bytes),
                At::RequestLine { query } => self.request_line(bytes, query),
                At::HeaderLine => self.header_line(bytes),
                At::Body(left) => self.body(left, bytes),
                At::Chunk(chunk) => self.chunk(chunk, bytes),
                At::HandsOff => return,
            };
            bytes = &mut bytes[done..];
        }
    }

    fn start(&mut self, bytes: &[u8]) -> usize {
        match bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')) {
            Some(blank) => {
                self.at = At::RequestLine { query: false };
                blank
            }
            None => bytes.len(),
        }
    }

    fn request_line(&mut self, bytes: &mut [u8], mut query: bool) -> usize {
        let newline = memchr(b'\n', bytes);
        let end = newline.map_or(bytes.len(), |newline| newline + 1);
        for byte in &mut bytes[..end] {
            match byte {
                b'?' => query = true,
                b'"' if query => *byte = IN_QUERY,
                b'"' => *byte = IN_PATH,
                _ => {}
            }
        }
        self.at = if newline.is_some() { At::HeaderLine } else { At::RequestLine { query } };
        end
    }

    fn header_line(&mut self, bytes: &[u8]) -> usize {
        let Some(newline) = memchr(b'\n', bytes) else {
            // One byte over the limit, so that a line too long is seen to be so.
            let room = (MAX_FRAMING_LINE + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
            return bytes.len();
        };
        let rest = &bytes[..newline];
        let empty = if self.line.is_empty() {
            self.framing.read(rest)
        } else {
            let room = (MAX_FRAMING_LINE + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&rest[..rest.len().min(room)]);
            let empty = self.framing.read(&self.line);
            self.line.clear();
            empty
        };
        if empty {
            self.at = std::mem::take(&mut self.framing).body();
        }
        newline + 1
    }

    fn body(&mut self, left: u64, bytes: &[u8]) -> usize {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left - here as u64;
        self.at = if left == 0 { At::Start } else { At::Body(left) };
        here
    }

    fn chunk(&mut self, chunk: Chunk, bytes: &[u8]) -> usize {
        if let Chunk::Data(left) = chunk {
            let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            let left = left - here as u64;
            self.at = At::Chunk(if left == 0 { Chunk::DataCr } else { Chunk::Data(left) });
            return here;
        }
        self.at = match (chunk, bytes[0]) {
            (Chunk::EndLf, b'\n') => At::Start,
            (chunk, byte) => chunk.after(byte).map_or(At::HandsOff, At::Chunk),
        };
        1
    }
}

impl Chunk {
    /// Where a byte other than data leads to. `None` where hyper would refuse the body.
    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Size { size, .. }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16)?;
                Self::Size { size: size.checked_mul(16)?.checked_add(u64::from(digit))?, digits: true }
            }
            (Self::Size { size, digits: true } | Self::AfterSize(size), b'\r') => Self::SizeLf(size),
            (Self::Size { size, digits: true }, b' ' | b'\t' | b';') => Self::AfterSize(size),
            (Self::AfterSize(size), byte) if byte != b'\n' => Self::AfterSize(size),
            (Self::SizeLf(0), b'\n') => Self::TrailerStart,
            (Self::SizeLf(size), b'\n') => Self::Data(size),
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::Size { size: 0, digits: false },
            (Self::TrailerStart, b'\r') => Self::EndLf,
            (Self::TrailerStart, _) => Self::Trailer,
            (Self::Trailer, b'\r') => Self::TrailerLf,
            (Self::Trailer, _) => Self::Trailer,
            (Self::TrailerLf, b'\n') => Self::TrailerStart,
            _ => return None,
        })
    }
}

impl Framing {
    /// Take in a header line without its newline. True for the empty line that ends the head.
    fn read(&mut self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // The first letters rule out nearly every other header.
        if !matches!(line.first(), Some(b'c' | b'C' | b't' | b'T')) {
            return line.is_empty();
        }
        let Some(colon) = memchr(b':', line) else { return false };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let long = line.len() >= MAX_FRAMING_LINE;
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
            (Some(true), None) => At::Chunk(Chunk::Size { size: 0, digits: false }),
            (None, Some(0) | None) => At::Start,
            (None, Some(length)) => At::Body(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is left of `bytes` when they come in pieces of the given lengths, and then the rest.
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

    fn without_quotes(target: &str) -> String {
        match target.split_once('?') {
            Some((path, query)) => format!("{}?{}", path.replace('"', "'"), query.replace('"', "`")),
            None => target.replace('"', "'"),
        }
    }

    /// A message as it is sent, and as hyper should see it.
    fn message() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let target = r#"/[a-z/?=&"'%:.]{0,40}"#;
        let header = r#"(x-[a-z]{1,12}|content-type|te|cookie|transfer-coding): ["a-z:, 0-9]{0,40}\r?\n"#;
        // What a body must be able to hold: quotes, line ends, text that looks like another request.
        let data = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            Just(b"\r\n\r\nGET /\"quoted\" HTTP/1.1\r\nhost: \"x\"\r\n\r\n".to_vec()),
        ];
        let chunks = proptest::collection::vec((data.clone(), r#"(;[a-z="]{0,9})?"#), 0..4);
        let body = prop_oneof![
            Just((String::new(), Vec::new())),
            data.prop_map(|data| (format!("Content-Length: {}\r\n", data.len()), data)),
            (chunks, r#"(x-t: [a-z"]{0,9}\r\n){0,2}"#).prop_map(|(chunks, trailers)| {
                let mut body = Vec::new();
                for (data, extension) in chunks.iter().filter(|(data, _)| !data.is_empty()) {
                    body.extend(format!("{:x}{extension}\r\n", data.len()).bytes());
                    body.extend(data);
                    body.extend(b"\r\n");
                }
                body.extend(format!("0\r\n{trailers}\r\n").bytes());
                ("transfer-encoding: gzip, Chunked\r\n".to_owned(), body)
            }),
        ];
        (r"(\r\n){0,2}", target, proptest::collection::vec(header, 0..4), body).prop_map(
            |(blank, target, headers, (framing, body))| {
                let whole = |target: &str| {
                    let head = format!("{blank}POST {target} HTTP/1.1\r\n{}{framing}\r\n", headers.concat());
                    [head.as_bytes(), &body].concat()
                };
                (whole(&target), whole(&without_quotes(&target)))
            },
        )
    }

    proptest! {
        #[test]
        fn only_request_lines_change_in_any_pieces(
            messages in proptest::collection::vec(message(), 1..5),
            pieces in proptest::collection::vec(0_usize..50, 0..40),
        ) {
            let sent: Vec<u8> = messages.iter().flat_map(|(sent, _)| sent.clone()).collect();
            let seen: Vec<u8> = messages.iter().flat_map(|(_, seen)| seen.clone()).collect();
            let read = rewritten(&sent, &pieces);
            prop_assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(&seen));
        }

        #[test]
        fn any_bytes_in_any_pieces_come_out_the_same(
            bytes in r#"([a-zA-Z":/ \r\n0-9]|content-length: 5\r\n|transfer-encoding: chunked\r\n|\r\n\r\n|GET / HTTP/1\.1\r\n){0,60}"#,
            pieces in proptest::collection::vec(0_usize..9, 0..60),
        ) {
            let whole = rewritten(bytes.as_bytes(), &[]);
            prop_assert_eq!(&whole, &rewritten(bytes.as_bytes(), &pieces));
            // Nothing but quotes changes, and nothing else comes of them.
            for (before, after) in bytes.bytes().zip(whole) {
                prop_assert!(before == after || (before == b'"' && [IN_PATH, IN_QUERY].contains(&after)));
            }
        }

        #[test]
        fn bytes_without_quotes_pass_unchanged(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'"').collect();
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
