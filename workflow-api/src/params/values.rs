//! Texts become the values that a schema wants.

use serde_json::{Number, Value};

use super::guide::{Alternative, Guide};
use crate::Fault;
use crate::read::child;

/// Deeper than JSON from a text nests (serde_json stops at 128).
const DEPTH: usize = 130;

impl<'a> Guide<'a> {
    /// The value that `text` stands for, which stands at `path`.
    ///
    /// # Errors
    /// What is wrong with it. The text itself is never in the message: it may be a secret in the wrong place.
    pub(super) fn coerce(
        &self,
        alternatives: &[Alternative<'a>],
        text: &str,
        path: &str,
    ) -> Result<Value, Vec<Fault>> {
        let nullable = alternatives.iter().any(|schema| schema.kinds.contains(&"null"));
        let texts_too =
            alternatives.iter().any(|schema| schema.kinds.contains(&"string") && schema.values.is_none());
        if text.is_empty() && nullable && !texts_too {
            return Ok(Value::Null);
        }
        // Of several alternatives the first that takes the text, as serde does it.
        let mut refusals = Vec::new();
        for schema in alternatives {
            match self.read(schema, text, path) {
                Ok(value) => return Ok(value),
                Err(faults) => refusals.push(faults),
            }
        }
        Err(self.refused(alternatives, refusals, path))
    }

    /// Why none of the alternatives would do: of one, its own words; of several, what they are.
    fn refused(
        &self,
        alternatives: &[Alternative<'_>],
        mut refusals: Vec<Vec<Fault>>,
        path: &str,
    ) -> Vec<Fault> {
        // What is wrong inside a value says more than that the value as a whole is not right.
        if let Some(deeper) = refusals.iter().position(|faults| faults.iter().any(|fault| fault.path != path))
        {
            return refusals.swap_remove(deeper);
        }
        let mut wanted: Vec<_> = alternatives.iter().flat_map(wants).collect();
        wanted.dedup();
        let message = match wanted.split_last() {
            None => "is not possible here".to_owned(),
            Some((last, [])) => format!("must be {last}"),
            Some((last, others)) => format!("must be {} or {last}", others.join(", ")),
        };
        vec![Fault::new(path, message)]
    }

    fn read(&self, alternative: &Alternative<'a>, text: &str, path: &str) -> Result<Value, Vec<Fault>> {
        let schema = alternative.schema;
        if alternative.open {
            return Ok(serde_json::from_str(text).unwrap_or_else(|_| text.into()));
        }
        let no = Vec::new;
        if let Some(values) = &alternative.values {
            let same =
                |value: &&&Value| value.as_str().map_or_else(|| value.to_string() == text, |own| own == text);
            return values.iter().find(same).map(|value| (*value).clone()).ok_or_else(no);
        }
        let mut refusal = no();
        for kind in &alternative.kinds {
            let read = match *kind {
                "boolean" => boolean(text).map(Value::Bool).ok_or_else(no),
                "integer" => {
                    integer(text).filter(|number| in_range(schema, number)).ok_or_else(no).map(Value::Number)
                }
                "number" => number(text).ok_or_else(no).map(Value::Number),
                "string" => Ok(text.into()),
                "array" if !text.trim_start().starts_with('[') => self.list(schema, text, path),
                "array" | "object" => match serde_json::from_str::<Value>(text) {
                    Ok(value)
                        if value.is_array() == (*kind == "array")
                            && (value.is_array() || value.is_object()) =>
                    {
                        let mut faults = Vec::new();
                        self.conform(&self.alternatives(&[schema]), &value, path, DEPTH, &mut faults);
                        if faults.is_empty() { Ok(value) } else { Err(faults) }
                    }
                    Ok(_) | Err(_) => Err(no()),
                },
                _ => Err(no()),
            };
            match read {
                Ok(value) => return Ok(value),
                Err(faults) => refusal.extend(faults),
            }
        }
        Err(refusal)
    }

    /// A list as people write it: `a, b, c`.
    fn list(&self, schema: &'a Value, text: &str, path: &str) -> Result<Value, Vec<Fault>> {
        if text.is_empty() {
            return Ok(Value::Array(Vec::new()));
        }
        let (mut items, mut faults) = (Vec::new(), Vec::new());
        for (index, item) in text.split(',').enumerate() {
            let alternatives = self.alternatives(&[item_schema(schema, index)]);
            match self.coerce(&alternatives, item.trim(), &format!("{path}[{index}]")) {
                Ok(value) => items.push(value),
                Err(wrong) => faults.extend(wrong),
            }
        }
        if faults.is_empty() { Ok(Value::Array(items)) } else { Err(faults) }
    }

    /// Notes where a value out of a JSON text is not what the schemas want; one of them is enough.
    fn conform(
        &self,
        alternatives: &[Alternative<'a>],
        value: &Value,
        path: &str,
        depth: usize,
        faults: &mut Vec<Fault>,
    ) {
        let mut refusals = Vec::new();
        for schema in alternatives {
            let mut refusal = Vec::new();
            if depth == 0 || (self.is_one(schema, value, path, depth - 1, &mut refusal) && refusal.is_empty())
            {
                return;
            }
            refusals.push(refusal);
        }
        faults.extend(self.refused(alternatives, refusals, path));
    }

    /// Whether the value is of the schema's kind; what is wrong inside it goes to `faults`.
    fn is_one(
        &self,
        alternative: &Alternative<'a>,
        value: &Value,
        path: &str,
        depth: usize,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let Alternative { schema, kinds, values, .. } = alternative;
        if *schema == &Value::Bool(true) {
            return true;
        }
        if let Some(values) = values {
            return values.contains(&value);
        }
        let own = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if kinds.contains(&"integer") => {
                return (number.is_i64() || number.is_u64()) && in_range(schema, number);
            }
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    let alternatives = self.alternatives(&[item_schema(schema, index)]);
                    self.conform(&alternatives, item, &path, depth, faults);
                }
            }
            Value::Object(object) => {
                let members = self.members(schema);
                let mut missing = members.required.clone();
                for (name, item) in object {
                    let path = child(path, name);
                    if let Some(member) = members.get(name) {
                        missing.remove(member.name);
                        self.conform(member.alternatives(*self), item, &path, depth, faults);
                    } else if let Some(open) = members.open {
                        self.conform(&self.alternatives(&[open]), item, &path, depth, faults);
                    } else if members.closed {
                        faults.push(super::unknown(&path, name, members.names()));
                    }
                }
                faults.extend(missing.into_iter().map(|name| Fault::new(child(path, name), "is missing")));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        kinds.is_empty() || kinds.contains(&own)
    }
}

fn item_schema(schema: &Value, index: usize) -> &Value {
    const ANY: &Value = &Value::Bool(true);
    let of_place = schema.get("prefixItems").and_then(|items| items.get(index));
    of_place.or_else(|| schema.get("items")).filter(|schema| **schema != Value::Bool(false)).unwrap_or(ANY)
}

/// What Go's `strconv.ParseBool` takes.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Number> {
    text.parse::<i64>().map(Number::from).ok().or_else(|| text.parse::<u64>().map(Number::from).ok())
}

fn number(text: &str) -> Option<Number> {
    integer(text).or_else(|| Number::from_f64(text.parse().ok()?))
}

/// Whether an integer is in the bounds of the schema.
fn in_range(schema: &Value, number: &Number) -> bool {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let bound = |word| schema.get(word).and_then(Value::as_number).and_then(whole);
    let Some(number) = whole(number) else { return true };
    bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
}

/// What a schema wants, in words.
fn wants(Alternative { schema, kinds, values, .. }: &Alternative<'_>) -> Vec<String> {
    if let Some(values) = values {
        let name = |value: &&Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return values.iter().map(|value| format!("`{}`", name(value))).collect();
    }
    let words = kinds.iter().filter_map(|kind| match *kind {
        "boolean" => Some("true or false".to_owned()),
        "integer" => match (schema.get("minimum"), schema.get("maximum")) {
            (Some(least), Some(most)) => Some(format!("an integer from {least} to {most}")),
            (Some(least), None) => Some(format!("an integer from {least}")),
            (None, _) => Some("an integer".to_owned()),
        },
        "number" => Some("a number".to_owned()),
        "string" => Some("a text".to_owned()),
        "array" => Some("a list".to_owned()),
        "object" => Some("a JSON object".to_owned()),
        _ => None,
    });
    words.collect()
}
