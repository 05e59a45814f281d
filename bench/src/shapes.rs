//! Bodies of 2 MiB, the largest that our servers read, in shapes that are expensive for a careless reader.

use bytes::Bytes;

const SIZE: usize = 2 << 20;

/// A body that repeats an item.
struct Shape {
    name: &'static str,
    before: &'static str,
    /// Returns the item with this number.
    item: fn(usize) -> String,
    separator: &'static str,
    after: &'static str,
}

const fn list(
    name: &'static str,
    before: &'static str,
    item: fn(usize) -> String,
    after: &'static str,
) -> Shape {
    Shape { name, before, item, separator: ",", after }
}

const fn text(
    name: &'static str,
    before: &'static str,
    item: fn(usize) -> String,
    after: &'static str,
) -> Shape {
    Shape { name, before, item, separator: "", after }
}

const SHAPES: [Shape; 18] = [
    list("distinct keys", "{", |n| format!(r#""k{n:07}":0"#), "}"),
    list("non-ASCII keys", "{", |n| format!(r#""é{n:07}":0"#), "}"),
    list("keys that fold to ASCII", "{", |n| format!(r#""Kſ{n:07}":0"#), "}"),
    list("keys in two cases", "{", |n| format!(r#""{}{:07}":0"#, ["k", "K"][n % 2], n / 2), "}"),
    list("escaped keys", "{", |n| format!(r#""\u00e9{n:07}":0"#), "}"),
    list("one key", "{", |_| r#""k":0"#.to_owned(), "}"),
    list("known keys", "{", |_| r#""spec":{},"metadata":{},"workflowParams":{}"#.to_owned(), "}"),
    text("a long key", r#"{""#, |_| "k".repeat(1000), r#"":0}"#),
    text("a long name", r#"{"metadata":{"name":""#, |_| "n".repeat(1000), r#""}}"#),
    text("a long number", r#"{"args":[0."#, |_| "1".repeat(1000), "]}"),
    text("a template", r#"{"workflowStartOptions":{"id":""#, |_| "{{uuid}}{{".to_owned(), r#""}}"#),
    text("white space", "{", |_| " ".repeat(1000), "}"),
    list("numbers", r#"{"args":["#, |n| format!("1e{}", n % 300), "]}"),
    list("objects", r#"{"name":"pause","args":["#, |_| "{}".to_owned(), "]}"),
    list(
        "faults of an invocation",
        r#"{"workflowParams":{"activityOptions":{"#,
        |n| format!(r#""a{n}":{{"startToCloseTimeout":"x"}}"#),
        "}}}",
    ),
    list(
        "faults of an intent",
        r#"{"metadata":{"name":"x"},"spec":{"temporal":{"workflowParams":{"activityOptions":{"#,
        |n| format!(r#""a{n}":{{"startToCloseTimeout":"x"}}"#),
        "}}}}}",
    ),
    list(
        "parameters of an invocation",
        r#"{"workflowParams":{"activityParams":{"all-activities":{"#,
        |n| format!(r#""p{n}":"x""#),
        "}}}}",
    ),
    list(
        "activities of an intent",
        r#"{"metadata":{"name":"x"},"spec":{"temporal":{"workflowParams":{"activityParams":{"#,
        |n| format!(r#""a{n}":{{"p":"x"}}"#),
        "}}}}}",
    ),
];

/// Returns the name and the bytes of each body.
pub(crate) fn bodies() -> Vec<(&'static str, Bytes)> {
    let nested = |before: &str, after: &str| {
        let levels = SIZE / (before.len() + after.len()) - 1;
        Bytes::from(format!("{}0{}", before.repeat(levels), after.repeat(levels)))
    };
    let shapes = SHAPES.iter().map(|shape| (shape.name, shape.body()));
    shapes.chain([("nested arrays", nested("[", "]")), ("nested objects", nested(r#"{"a":"#, "}"))]).collect()
}

impl Shape {
    fn body(&self) -> Bytes {
        let mut body = self.before.to_owned() + &(self.item)(0);
        for number in 1.. {
            let item = (self.item)(number);
            if body.len() + self.separator.len() + item.len() + self.after.len() > SIZE {
                break;
            }
            body.extend([self.separator, &item]);
        }
        (body + self.after).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_of_nearly_two_mib() {
        for (name, body) in bodies() {
            assert!((SIZE - 2000..=SIZE).contains(&body.len()), "{name}: {}", body.len());
            if !name.starts_with("nested") {
                serde_json::from_slice::<serde_json::Value>(&body)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}
