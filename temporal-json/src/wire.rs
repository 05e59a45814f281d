//! Reading protobuf's wire format (protobuf.dev, "Encoding"), without copying.

use prost::encoding::{WireType, decode_key, decode_varint};

use crate::JsonError;

/// A value as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    /// Texts, bytes, messages, and numbers that are packed.
    Bytes(&'a [u8]),
}

/// The number of the next field, which stays where it is. None at the end.
pub(crate) fn peek(mut wire: &[u8]) -> Result<Option<u32>, JsonError> {
    if wire.is_empty() {
        return Ok(None);
    }
    let (number, _) = key(&mut wire)?;
    Ok(Some(number))
}

/// Takes the next field's value.
pub(crate) fn take<'a>(wire: &mut &'a [u8]) -> Result<Value<'a>, JsonError> {
    let (_, kind) = key(wire)?;
    take_bare(wire, kind)
}

/// Takes a value that has no key before it, as packed ones have none.
pub(crate) fn take_bare<'a>(wire: &mut &'a [u8], kind: WireType) -> Result<Value<'a>, JsonError> {
    const SHORT: JsonError = JsonError::Damaged("it ends within a value");
    Ok(match kind {
        WireType::Varint => Value::Varint(varint(wire)?),
        WireType::ThirtyTwoBit => {
            let (bytes, rest) = wire.split_first_chunk().ok_or(SHORT)?;
            *wire = rest;
            Value::Fixed32(*bytes)
        }
        WireType::SixtyFourBit => {
            let (bytes, rest) = wire.split_first_chunk().ok_or(SHORT)?;
            *wire = rest;
            Value::Fixed64(*bytes)
        }
        WireType::LengthDelimited => {
            let length = usize::try_from(varint(wire)?).map_err(|_| SHORT)?;
            let (bytes, rest) = wire.split_at_checked(length).ok_or(SHORT)?;
            *wire = rest;
            Value::Bytes(bytes)
        }
        WireType::StartGroup | WireType::EndGroup => return Err(JsonError::Damaged("it has a group")),
    })
}

fn key(wire: &mut &[u8]) -> Result<(u32, WireType), JsonError> {
    decode_key(wire).map_err(|_| JsonError::Damaged("a key of a field is none"))
}

fn varint(wire: &mut &[u8]) -> Result<u64, JsonError> {
    decode_varint(wire).map_err(|_| JsonError::Damaged("a number does not end"))
}
