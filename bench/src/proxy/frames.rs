//! Where HTTP/2's frames begin in a stream of bytes, and which of them are of calls.

/// What a client sends first (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// Length, type, flags, stream (RFC 9113 §4.1).
const FRAME_HEADER: usize = 9;
/// The type of those that begin a call or an answer, or end an answer (RFC 9113 §6.2).
const HEADERS: u8 = 1;

/// One direction of a connection, however its bytes are cut.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// So many bytes are left of what has begun.
    left: usize,
    /// The beginning of a frame's header, where it is cut.
    header: Vec<u8>,
}

impl Frames {
    pub(super) fn of_client() -> Self {
        Self { left: PREFACE, ..Self::default() }
    }

    pub(super) fn of_server() -> Self {
        Self::default()
    }

    /// Whether a frame of headers begins in these bytes, which follow the ones before.
    pub(super) fn headers_in(&mut self, mut bytes: &[u8]) -> bool {
        let mut found = false;
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let (header, rest) = bytes.split_at(bytes.len().min(FRAME_HEADER - self.header.len()));
            self.header.extend_from_slice(header);
            bytes = rest;
            if let [high, middle, low, kind, ..] = self.header[..]
                && self.header.len() == FRAME_HEADER
            {
                self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                self.header.clear();
                found |= kind == HEADERS;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0, 0, u8::try_from(payload.len()).unwrap(), kind, 0, 0, 0, 0, 1];
        frame.extend_from_slice(payload);
        frame
    }

    /// In how many pieces of so many bytes headers are found.
    fn pieces_with_headers(mut frames: Frames, bytes: &[u8], size: usize) -> usize {
        bytes.chunks(size).filter(|piece| frames.headers_in(piece)).count()
    }

    #[test]
    fn headers_are_found_however_the_stream_is_cut() {
        // What looks like headers in a payload is none.
        let looks_like_it = frame(HEADERS, b"x");
        let stream =
            [frame(4, b""), frame(HEADERS, b"call"), frame(0, &looks_like_it), frame(HEADERS, b"")].concat();
        assert_eq!(pieces_with_headers(Frames::of_server(), &stream, stream.len()), 1);
        for size in [1, 2, 5, 8] {
            assert_eq!(pieces_with_headers(Frames::of_server(), &stream, size), 2, "pieces of {size}");
        }
        let of_client = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &stream].concat();
        assert_eq!(pieces_with_headers(Frames::of_client(), &of_client, 7), 2);
    }

    #[test]
    fn pings_and_windows_are_no_calls() {
        let stream = [frame(6, &[0; 8]), frame(8, &[0; 4]), frame(4, b"")].concat();
        assert_eq!(pieces_with_headers(Frames::of_server(), &stream, stream.len()), 0);
    }
}
