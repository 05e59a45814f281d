//! Writing JSON byte for byte as Go's `json.Marshal` does (EMCO-API §0.2), because clients written for EMCO parse it.
//!
//! The order of fields is that of our structs and of sorted maps. This module writes escapes and numbers.

use std::io::{self, Write};

use memchr::{memchr, memchr3};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

/// Returns the JSON of `value` as Go writes it, without a newline at the end.
///
/// # Panics
/// When `value` has a map whose keys are not strings. None of this crate's types has one.
pub fn to_go_json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    value
        .serialize(&mut go_serializer(&mut bytes))
        .expect("the types of this crate have text keys, and writing to memory does not fail");
    bytes
}

/// Returns the JSON of `value` as Go writes it, as text.
///
/// # Panics
/// As [`to_go_json`].
pub fn to_go_text<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(to_go_json(value)).expect("JSON is written in UTF-8")
}

pub(crate) fn go_serializer(bytes: &mut Vec<u8>) -> Serializer<&mut Vec<u8>, GoFormatter> {
    Serializer::with_formatter(bytes, GoFormatter)
}

pub(crate) struct GoFormatter;

/// Whether the text has none of the characters that only Go escapes. Most texts have none, and searching bytes is
/// faster than searching characters.
fn is_plain(text: &[u8]) -> bool {
    /// The first byte of U+2028 and U+2029.
    const SEPARATORS: u8 = 0xE2;
    memchr3(b'<', b'>', b'&', text).is_none() && memchr(SEPARATORS, text).is_none()
}

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if is_plain(fragment.as_bytes()) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let Some(escaped) = tail.chars().next() else { break };
            write!(writer, "\\u{:04x}", u32::from(escaped))?;
            rest = &tail[escaped.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(br#"\""#),
            CharEscape::ReverseSolidus => writer.write_all(br"\\"),
            CharEscape::Solidus => writer.write_all(b"/"),
            CharEscape::LineFeed => writer.write_all(br"\n"),
            CharEscape::CarriageReturn => writer.write_all(br"\r"),
            CharEscape::Tab => writer.write_all(br"\t"),
            // The Go releases that EMCO is built with have no short form of these two.
            CharEscape::Backspace => writer.write_all(br"\u0008"),
            CharEscape::FormFeed => writer.write_all(br"\u000c"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let magnitude = value.abs();
        // Go changes to an exponent where JavaScript does.
        if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
            let text = scientific(value);
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            write!(writer, "{mantissa}e{sign}{exponent}")
        } else {
            match places(&value.to_string()) {
                0 => write!(writer, "{value}"),
                places => write!(writer, "{value:.places$}"),
            }
        }
    }
}

/// Returns the shortest decimal number of a float, as `1.5e3`. If two are equally near, it is the even one, as in Go:
/// Rust's shortest form is the larger one, but to a given number of digits Rust rounds as Go does.
pub(crate) fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    let places = places(text.split_once('e').map_or(&text, |(mantissa, _)| mantissa));
    format!("{value:.places$e}")
}

/// Returns the number of digits after the point.
fn places(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}
