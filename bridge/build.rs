//! Puts Temporal's message descriptors into the program: those which describe and history need, and no others,
//! because the whole set (1.3 MB) costs memory and start-up time for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// What the bridge writes as JSON.
const ROOTS: [&str; 2] = [
    ".temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse",
    ".temporal.api.history.v1.HistoryEvent",
];

/// Handed down by `temporalio-protos`, which builds the whole set.
const SOURCE: &str = "DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH";

fn main() -> Result<(), Box<dyn Error>> {
    let source = env::var(SOURCE).map_err(|error| format!("{SOURCE}: {error}"))?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={source}");
    let set = trim(FileDescriptorSet::decode(fs::read(source)?.as_slice())?)?;
    let target = Path::new(&env::var("OUT_DIR")?).join("temporal_descriptors.bin");
    fs::write(target, set.encode_to_vec())?;
    Ok(())
}

/// Keeps what the roots reach. Types are kept or dropped with everything nested in them.
fn trim(set: FileDescriptorSet) -> Result<FileDescriptorSet, Box<dyn Error>> {
    let kept = reachable(&set)?;
    let mut files: Vec<FileDescriptorProto> =
        set.file.into_iter().map(|file| trim_file(file, &kept)).collect();
    files.retain(|file| !file.message_type.is_empty() || !file.enum_type.is_empty());
    let names: BTreeSet<String> = files.iter().map(|file| file.name().to_owned()).collect();
    for file in &mut files {
        file.dependency.retain(|dependency| names.contains(dependency));
    }
    Ok(FileDescriptorSet { file: files })
}

fn trim_file(mut file: FileDescriptorProto, kept: &BTreeSet<String>) -> FileDescriptorProto {
    let package = file.package().to_owned();
    file.message_type.retain(|message| kept.contains(&full_name(&package, message.name())));
    file.enum_type.retain(|enumeration| kept.contains(&full_name(&package, enumeration.name())));
    file.service.clear();
    file.extension.clear();
    // These two are indexes into `dependency`, which shrinks.
    file.public_dependency.clear();
    file.weak_dependency.clear();
    file.options = None;
    file.source_code_info = None;
    file
}

fn reachable(set: &FileDescriptorSet) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let uses = uses_by_type(set);
    let mut kept = BTreeSet::new();
    let mut open: Vec<String> = ROOTS.map(str::to_owned).into();
    while let Some(mut name) = open.pop() {
        // A nested type belongs to the outermost one around it.
        let used = loop {
            if let Some(used) = uses.get(&name) {
                break used;
            }
            let outer =
                name.rfind('.').filter(|dot| *dot > 0).ok_or("a root or a used type is not described")?;
            name.truncate(outer);
        };
        if kept.insert(name) {
            open.extend(used.iter().cloned());
        }
    }
    Ok(kept)
}

/// Every outermost type, with the types its fields name.
fn uses_by_type(set: &FileDescriptorSet) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses = BTreeMap::new();
    for file in &set.file {
        for message in &file.message_type {
            let mut used = BTreeSet::new();
            collect_uses(message, &mut used);
            uses.insert(full_name(file.package(), message.name()), used);
        }
        for enumeration in &file.enum_type {
            uses.insert(full_name(file.package(), enumeration.name()), BTreeSet::new());
        }
    }
    uses
}

fn collect_uses(message: &DescriptorProto, used: &mut BTreeSet<String>) {
    used.extend(message.field.iter().filter_map(|field| field.type_name.clone()));
    for nested in &message.nested_type {
        collect_uses(nested, used);
    }
}

fn full_name(package: &str, name: &str) -> String {
    format!(".{package}.{name}")
}
