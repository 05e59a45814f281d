//! Makes tables of Temporal's message descriptors: of the messages that are written as JSON and of what these hold. The whole set (1.3 MB) read by
//! a reflection library would cost memory, start-up time and a third of the work.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is written as JSON, and the names of their tables.
const ROOTS: [(&str, &str); 2] = [
    ("DESCRIPTION", ".temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse"),
    ("EVENT", ".temporal.api.history.v1.HistoryEvent"),
];

/// Handed down by `temporalio-protos`, which builds the whole set.
const SOURCE: &str = "DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH";

fn main() -> Outcome<()> {
    let source = env::var(SOURCE).map_err(|error| format!("{SOURCE}: {error}"))?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={source}");
    // The tests hold the tables against it.
    println!("cargo::rustc-env=TEMPORAL_DESCRIPTORS={source}");
    let set = FileDescriptorSet::decode(fs::read(&source)?.as_slice())?;
    let mut tables = Tables { types: Types::of(&set), names: BTreeMap::new(), open: Vec::new() };
    fs::write(Path::new(&env::var("OUT_DIR")?).join("tables.rs"), tables.write()?)?;
    Ok(())
}

/// Every type by its full name, nested ones as well.
#[derive(Default)]
struct Types<'a> {
    messages: BTreeMap<String, &'a DescriptorProto>,
    enums: BTreeMap<String, &'a EnumDescriptorProto>,
}

impl<'a> Types<'a> {
    fn of(set: &'a FileDescriptorSet) -> Self {
        let mut types = Self::default();
        for file in &set.file {
            types.add(&format!(".{}", file.package()), &file.message_type, &file.enum_type);
        }
        types
    }

    fn add(&mut self, scope: &str, messages: &'a [DescriptorProto], enums: &'a [EnumDescriptorProto]) {
        self.enums.extend(enums.iter().map(|each| (format!("{scope}.{}", each.name()), each)));
        for message in messages {
            let name = format!("{scope}.{}", message.name());
            self.add(&name, &message.nested_type, &message.enum_type);
            self.messages.insert(name, message);
        }
    }

    fn message(&self, name: &str) -> Outcome<&'a DescriptorProto> {
        Ok(self.messages.get(name).ok_or_else(|| format!("{name} is not described"))?)
    }
}

/// The tables' source.
struct Tables<'a> {
    types: Types<'a>,
    /// What the table of a type is called.
    names: BTreeMap<String, String>,
    /// The types whose tables are yet to be written.
    open: Vec<String>,
}

impl Tables<'_> {
    fn write(&mut self) -> Outcome<String> {
        let mut text = String::new();
        for (table, root) in ROOTS {
            self.names.insert(root.to_owned(), table.to_owned());
            self.open.push(root.to_owned());
        }
        while let Some(name) = self.open.pop() {
            let table = &self.names[&name].clone();
            if let Some(values) = self.types.enums.get(&name) {
                let values: Vec<_> =
                    values.value.iter().map(|value| (value.number(), value.name())).collect();
                writeln!(text, "static {table}: Enum = Enum(&{values:?});")?;
            } else {
                let visible = if ROOTS.iter().any(|(_, root)| *root == name) { "pub(crate) " } else { "" };
                writeln!(text, "{visible}static {table}: Message = Message(&[")?;
                let mut fields: Vec<_> = self.types.message(&name)?.field.iter().collect();
                fields.sort_by_key(|field| field.number());
                for field in fields {
                    writeln!(
                        text,
                        "    {},",
                        self.field(field).map_err(|error| format!("{name}: {error}"))?
                    )?;
                }
                writeln!(text, "]);")?;
            }
        }
        Ok(text)
    }

    fn field(&mut self, field: &FieldDescriptorProto) -> Outcome<String> {
        let shape = match self.map_entry(field) {
            Some(entry) => {
                let [key, value] = &entry.field[..] else {
                    return Err("a map is not of keys and values".into());
                };
                if key.r#type() != Type::String {
                    return Err(format!("a map has keys of {:?}", key.r#type()).into());
                }
                format!("Shape::Map(Kind::{})", self.kind(value)?)
            }
            None if field.label() == Label::Repeated => format!("Shape::List(Kind::{})", self.kind(field)?),
            None => format!("Shape::One(Kind::{})", self.kind(field)?),
        };
        // With what stands around a name in JSON. Names of fields have nothing that would be escaped.
        let name = format!("{:?}:", field.json_name());
        Ok(format!("Field {{ number: {}, name: {name:?}, shape: {shape} }}", field.number()))
    }

    fn map_entry(&self, field: &FieldDescriptorProto) -> Option<DescriptorProto> {
        let entry = self.types.messages.get(field.type_name())?;
        entry.options.as_ref()?.map_entry().then(|| (*entry).clone())
    }

    fn kind(&mut self, field: &FieldDescriptorProto) -> Outcome<String> {
        let kind = field.r#type();
        Ok(match kind {
            Type::Enum => format!("Enum(&{})", self.table(field.type_name())),
            Type::Message => match field.type_name() {
                ".google.protobuf.Timestamp" => "Timestamp".to_owned(),
                ".google.protobuf.Duration" => "Duration".to_owned(),
                other if other.starts_with(".google.protobuf.") && other != ".google.protobuf.Empty" => {
                    return Err(format!("{other} has a form of its own, which is not written yet").into());
                }
                other => format!("Message(&{})", self.table(other)),
            },
            Type::Bool
            | Type::Bytes
            | Type::Double
            | Type::Float
            | Type::Int32
            | Type::Int64
            | Type::String
            | Type::Uint32 => format!("{kind:?}"),
            other => return Err(format!("a field is of the type {other:?}, which is not written yet").into()),
        })
    }

    /// The table of a type, which will be written.
    fn table(&mut self, name: &str) -> String {
        if let Some(table) = self.names.get(name) {
            return table.clone();
        }
        let table = format!("T{}", self.names.len());
        self.names.insert(name.to_owned(), table.clone());
        self.open.push(name.to_owned());
        table
    }
}
