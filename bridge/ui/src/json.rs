//! JSON for people: over several lines, and otherwise as it is.

use std::iter::{Peekable, repeat_n};
use std::str::Chars;

use workflow_api::RawJson;

/// Returns JSON over several lines. It is not parsed, so that its numbers stay as they are.
pub(crate) fn pretty(json: &RawJson) -> String {
    let mut letters = json.as_str().chars().peekable();
    let mut lines = Lines::default();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => lines.text(&mut letters),
            '{' | '[' => lines.begin(letter, &mut letters),
            '}' | ']' => lines.end(letter),
            ',' => {
                lines.written.push(letter);
                lines.next();
            }
            ':' => lines.written.push_str(": "),
            letter if letter.is_whitespace() => {}
            letter => lines.written.push(letter),
        }
    }
    lines.written
}

#[derive(Default)]
struct Lines {
    written: String,
    depth: usize,
}

impl Lines {
    fn next(&mut self) {
        self.written.push('\n');
        self.written.extend(repeat_n("  ", self.depth));
    }

    /// Begins an object or an array. An empty one stays on its line.
    fn begin(&mut self, letter: char, rest: &mut Peekable<Chars<'_>>) {
        self.written.push(letter);
        if let Some(end) = rest.next_if(|next| ['}', ']'].contains(next)) {
            self.written.push(end);
        } else {
            self.depth += 1;
            self.next();
        }
    }

    fn end(&mut self, letter: char) {
        self.depth = self.depth.saturating_sub(1);
        self.next();
        self.written.push(letter);
    }

    /// Writes a text whose first quote was read, to its last one.
    fn text(&mut self, rest: &mut Peekable<Chars<'_>>) {
        self.written.push('"');
        while let Some(letter) = rest.next() {
            match letter {
                '\\' => self.escape(rest),
                letter => self.written.push(letter),
            }
            if letter == '"' {
                return;
            }
        }
    }

    /// Writes an escape. Those with which Go hides letters of HTML become the letters again.
    fn escape(&mut self, rest: &mut Peekable<Chars<'_>>) {
        let escaped: String = rest.clone().take(5).collect();
        let letter = match escaped.as_str() {
            "u003c" => '<',
            "u003e" => '>',
            "u0026" => '&',
            _ => {
                self.written.push('\\');
                self.written.extend(rest.next());
                return;
            }
        };
        self.written.push(letter);
        rest.nth(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_stays_the_same() {
        let json = r#"{"a":[1,{"b":"\\\",{\\u003c\u003c"}],"c":{},"n":123456789012345678901234567890}"#;
        let shown = pretty(&RawJson::from_json(json.into()).unwrap());
        let expected = r#"{
  "a": [
    1,
    {
      "b": "\\\",{\\u003c<"
    }
  ],
  "c": {},
  "n": 123456789012345678901234567890
}"#;
        assert_eq!(shown, expected);
    }
}
