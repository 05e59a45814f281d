//! Messages as JSON, straight from protobuf's wire format. How types look like is in tables, which the build makes of Temporal's descriptors.

use prost::encoding::WireType;

use crate::JsonError;
use crate::text;
use crate::wire::{self, Value};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// A type of messages: its fields, in the order of their numbers.
pub(crate) struct Message(&'static [Field]);

/// The numbers of an enum and their names.
pub(crate) struct Enum(&'static [(i32, &'static str)]);

struct Field {
    number: u32,
    /// As it stands in JSON, with the colon.
    name: &'static str,
    shape: Shape,
}

enum Shape {
    One(Kind),
    List(Kind),
    /// From texts to values of this kind.
    Map(Kind),
}

enum Kind {
    Bool,
    Bytes,
    Double,
    Duration,
    Enum(&'static Enum),
    Float,
    Int32,
    Int64,
    Message(&'static Message),
    String,
    Timestamp,
    Uint32,
}

/// Writes a message as an object. Fields come in the order in which prost writes them, which is that of their numbers; maps in the order of their keys.
pub(crate) fn write(json: &mut Vec<u8>, message: &Message, mut wire: &[u8]) -> Result<(), JsonError> {
    let mut comma = Commas::open(json, b'{');
    while let Some(number) = wire::peek(wire)? {
        let Some(field) = message.field(number) else {
            wire::take(&mut wire)?;
            continue;
        };
        comma.next(json);
        json.extend_from_slice(field.name.as_bytes());
        match &field.shape {
            Shape::One(kind) => kind.write(json, wire::take(&mut wire)?)?,
            Shape::List(kind) => list(json, kind, number, &mut wire)?,
            Shape::Map(kind) => map(json, kind, number, &mut wire)?,
        }
    }
    json.push(b'}');
    Ok(())
}

/// Items stand one after the other, each with the field's number before it.
fn list(json: &mut Vec<u8>, kind: &Kind, number: u32, wire: &mut &[u8]) -> Result<(), JsonError> {
    let mut comma = Commas::open(json, b'[');
    while wire::peek(wire)? == Some(number) {
        match wire::take(wire)? {
            Value::Bytes(mut packed) if kind.is_packed() => {
                while !packed.is_empty() {
                    comma.next(json);
                    kind.write(json, wire::take_bare(&mut packed, kind.wire_type())?)?;
                }
            }
            item => {
                comma.next(json);
                kind.write(json, item)?;
            }
        }
    }
    json.push(b']');
    Ok(())
}

/// Entries are messages of a key and a value, each of which is left out where it is empty.
fn map(json: &mut Vec<u8>, kind: &Kind, number: u32, wire: &mut &[u8]) -> Result<(), JsonError> {
    let mut entries = Vec::new();
    while wire::peek(wire)? == Some(number) {
        let Value::Bytes(mut entry) = wire::take(wire)? else { return Err(UNFIT) };
        let (mut key, mut value) = (&[][..], kind.empty());
        while let Some(part) = wire::peek(entry)? {
            match (part, wire::take(&mut entry)?) {
                (1, Value::Bytes(text)) => key = text,
                (2, there) => value = there,
                _ => return Err(UNFIT),
            }
        }
        entries.push((key, value));
    }
    // A map has no order of its own; equal messages shall give equal text.
    entries.sort_unstable_by_key(|(key, _)| *key);
    let mut comma = Commas::open(json, b'{');
    for (key, value) in entries {
        comma.next(json);
        text::string(json, key)?;
        json.push(b':');
        kind.write(json, value)?;
    }
    json.push(b'}');
    Ok(())
}

const UNFIT: JsonError = JsonError::Damaged("a value is not of its field's type");

impl Message {
    fn field(&self, number: u32) -> Option<&'static Field> {
        let at = self.0.binary_search_by_key(&number, |field| field.number).ok()?;
        Some(&self.0[at])
    }
}

impl Kind {
    fn write(&self, json: &mut Vec<u8>, value: Value<'_>) -> Result<(), JsonError> {
        match (self, value) {
            (Self::Bool, Value::Varint(bits)) => {
                json.extend_from_slice(if bits == 0 { b"false" } else { b"true" })
            }
            (Self::Bytes, Value::Bytes(bytes)) => text::base64(json, bytes),
            (Self::Double, Value::Fixed64(bytes)) => text::float(json, f64::from_le_bytes(bytes)),
            (Self::Duration, Value::Bytes(wire)) => {
                let (seconds, nanos) = seconds_and_nanos(wire)?;
                text::duration(json, seconds, nanos);
            }
            (Self::Enum(values), Value::Varint(bits)) => values.write(json, bits as i32),
            // Through text: the shortest digits that mean this value, not those of its conversion.
            (Self::Float, Value::Fixed32(bytes)) => {
                let float = f32::from_le_bytes(bytes);
                text::float(json, float.to_string().parse().unwrap_or_else(|_| f64::from(float)));
            }
            (Self::Int32, Value::Varint(bits)) => text::number(json, bits as i32),
            // JSON's numbers do not hold 64 bits everywhere.
            (Self::Int64, Value::Varint(bits)) => {
                json.push(b'"');
                text::number(json, bits as i64);
                json.push(b'"');
            }
            (Self::Message(message), Value::Bytes(wire)) => write(json, message, wire)?,
            (Self::String, Value::Bytes(bytes)) => text::string(json, bytes)?,
            (Self::Timestamp, Value::Bytes(wire)) => {
                let (seconds, nanos) = seconds_and_nanos(wire)?;
                text::timestamp(json, seconds, nanos)?;
            }
            (Self::Uint32, Value::Varint(bits)) => text::number(json, bits as u32),
            _ => return Err(UNFIT),
        }
        Ok(())
    }

    fn is_packed(&self) -> bool {
        self.wire_type() != WireType::LengthDelimited
    }

    fn wire_type(&self) -> WireType {
        match self {
            Self::Bool | Self::Enum(_) | Self::Int32 | Self::Int64 | Self::Uint32 => WireType::Varint,
            Self::Double => WireType::SixtyFourBit,
            Self::Float => WireType::ThirtyTwoBit,
            Self::Bytes | Self::Duration | Self::Message(_) | Self::String | Self::Timestamp => {
                WireType::LengthDelimited
            }
        }
    }

    /// What a value of this kind is when it is left out.
    fn empty(&self) -> Value<'static> {
        match self.wire_type() {
            WireType::ThirtyTwoBit => Value::Fixed32([0; 4]),
            WireType::SixtyFourBit => Value::Fixed64([0; 8]),
            WireType::LengthDelimited => Value::Bytes(&[]),
            _ => Value::Varint(0),
        }
    }
}

impl Enum {
    /// A number without a name stays one.
    fn write(&self, json: &mut Vec<u8>, bits: i32) {
        match self.0.iter().find(|(number, _)| *number == bits) {
            Some((_, name)) => {
                json.push(b'"');
                json.extend_from_slice(name.as_bytes());
                json.push(b'"');
            }
            None => text::number(json, bits),
        }
    }
}

/// The two fields that times and durations have.
fn seconds_and_nanos(mut wire: &[u8]) -> Result<(i64, i32), JsonError> {
    let (mut seconds, mut nanos) = (0, 0);
    while let Some(number) = wire::peek(wire)? {
        match (number, wire::take(&mut wire)?) {
            (1, Value::Varint(bits)) => seconds = bits as i64,
            (2, Value::Varint(bits)) => nanos = bits as i32,
            _ => return Err(UNFIT),
        }
    }
    Ok((seconds, nanos))
}

/// The commas between the parts of an object or a list.
struct Commas {
    is_first: bool,
}

impl Commas {
    fn open(json: &mut Vec<u8>, bracket: u8) -> Self {
        json.push(bracket);
        Self { is_first: true }
    }

    fn next(&mut self, json: &mut Vec<u8>) {
        if !self.is_first {
            json.push(b',');
        }
        self.is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_reflect::{
        DescriptorPool, DynamicMessage, FieldDescriptor, MapKey, MessageDescriptor, Value as Field,
    };
    use workflow_api::to_go_text;

    use super::*;

    fn described(name: &str) -> MessageDescriptor {
        let pool = DescriptorPool::decode(include_bytes!(env!("TEMPORAL_DESCRIPTORS")).as_slice()).unwrap();
        pool.get_message_by_name(name).unwrap()
    }

    /// A message with something in all fields, so many levels deep. Of alternatives the one that `turn` tells is there.
    fn filled(message: MessageDescriptor, turn: usize, levels: usize) -> DynamicMessage {
        let mut filled = DynamicMessage::new(message.clone());
        if levels == 0 {
            return filled;
        }
        for field in message.fields() {
            let is_there = field.containing_oneof().is_none_or(|oneof| {
                oneof.fields().nth(turn % oneof.fields().len()).is_some_and(|chosen| chosen == field)
            });
            if !is_there {
                continue;
            }
            let value = match field.kind() {
                prost_reflect::Kind::Message(entry) if field.is_map() => {
                    let value = value(&entry.map_entry_value_field(), turn, levels);
                    Field::Map([(MapKey::String("a \"key\" <>".to_owned()), value)].into())
                }
                _ if field.is_list() => {
                    Field::List(vec![value(&field, turn, levels), value(&field, turn + 1, levels)])
                }
                _ => value(&field, turn, levels),
            };
            filled.set_field(&field, value);
        }
        filled
    }

    fn value(field: &FieldDescriptor, turn: usize, levels: usize) -> Field {
        use prost_reflect::Kind;
        match field.kind() {
            Kind::Message(message) if message.package_name() == "google.protobuf" => {
                let mut time = DynamicMessage::new(message.clone());
                if message.get_field(1).is_some() {
                    time.set_field_by_number(1, Field::I64(1_700_000_000));
                    time.set_field_by_number(2, Field::I32([0, 120_000_000, 1_000, 1][turn % 4]));
                }
                Field::Message(time)
            }
            Kind::Message(message) => Field::Message(filled(message, turn, levels - 1)),
            Kind::Enum(values) => {
                Field::EnumNumber(values.values().nth(turn % values.values().len()).unwrap().number())
            }
            Kind::Bool => Field::Bool(turn.is_multiple_of(2)),
            Kind::Bytes => Field::Bytes(vec![turn as u8; turn].into()),
            // Whole ones are written another way.
            Kind::Double => Field::F64(turn as f64 + 0.25),
            Kind::Float => Field::F32(turn as f32 + 0.25),
            Kind::Int32 => Field::I32(-(turn as i32)),
            Kind::Int64 => Field::I64(i64::MIN + turn as i64),
            Kind::String => Field::String(format!("text <{turn}> \u{2028}\n")),
            Kind::Uint32 => Field::U32(u32::MAX - turn as u32),
            other => panic!("{other:?}"),
        }
    }

    /// As many turns as there are kinds of events, and over.
    const TURNS: usize = 70;

    #[test]
    fn every_field_of_every_type_is_written_as_a_reflection_library_writes_it() {
        for (table, name) in [
            (&DESCRIPTION, "temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse"),
            (&EVENT, "temporal.api.history.v1.HistoryEvent"),
        ] {
            let message = described(name);
            for turn in 0..TURNS {
                let filled = filled(message.clone(), turn, 4);
                let mut json = Vec::new();
                write(&mut json, table, &filled.encode_to_vec()).unwrap();
                let (json, expected) = (String::from_utf8(json).unwrap(), to_go_text(&filled));
                let same =
                    json.bytes().zip(expected.bytes()).take_while(|(ours, theirs)| ours == theirs).count();
                let rest = |text: &str| {
                    String::from_utf8_lossy(&text.as_bytes()[same..]).chars().take(80).collect::<String>()
                };
                assert_eq!(rest(&json), rest(&expected), "{name}, turn {turn}, after {same} bytes");
            }
        }
    }
}
