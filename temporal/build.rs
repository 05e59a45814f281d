//! Makes the descriptors of the messages that are written as JSON, and of what these hold, out of Temporal's.
//! All of them (1.3 MB) would take 13 MiB of memory.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorSet};

/// What is written as JSON.
const ROOTS: [&str; 2] = [
    ".temporal.api.history.v1.HistoryEvent",
    ".temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse",
];

/// Handed down by `temporalio-protos`, which compiles Temporal's protos.
const SOURCE: &str = "DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH";

fn main() -> Result<(), Box<dyn Error>> {
    let source = env::var(SOURCE).map_err(|error| format!("{SOURCE}: {error}"))?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={source}");
    let mut set = FileDescriptorSet::decode(fs::read(&source)?.as_slice())?;
    trim(&mut set);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("descriptors.bin"), set.encode_to_vec())?;
    Ok(())
}

/// Leaves out the types that no root needs, services, and comments. Files stay, though empty, since others
/// import them.
fn trim(set: &mut FileDescriptorSet) {
    let mut needed = BTreeSet::from(ROOTS.map(str::to_owned));
    let mut before = 0;
    while before < needed.len() {
        before = needed.len();
        for file in &set.file {
            for message in &file.message_type {
                if is_needed(&needed, file.package(), message.name()) {
                    needed.extend(types(message));
                }
            }
        }
    }
    for file in &mut set.file {
        let package = file.package().to_owned();
        file.message_type.retain(|message| is_needed(&needed, &package, message.name()));
        file.enum_type.retain(|each| is_needed(&needed, &package, each.name()));
        file.extension.clear();
        file.service.clear();
        file.source_code_info = None;
    }
}

/// Returns whether the type, or one inside it, is needed.
fn is_needed(needed: &BTreeSet<String>, package: &str, name: &str) -> bool {
    let name = format!(".{package}.{name}");
    needed.contains(&name) || needed.iter().any(|each| each.starts_with(&format!("{name}.")))
}

/// Returns the types of the fields of a message and of those inside it.
fn types(message: &DescriptorProto) -> BTreeSet<String> {
    let own = message.field.iter().filter_map(|field| field.type_name.clone());
    own.chain(message.nested_type.iter().flat_map(types)).collect()
}
