//! The OpenAPI document, compared with the methods.

use std::collections::BTreeSet;

use bridge_client::OPERATIONS;
use serde_json::Value;

/// The document as the bridge's own test keeps it.
const SNAPSHOT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../bridge/tests/main/api/snapshots/main__api__openapi__the_document_is_as_agreed.snap"
);

/// Returns the operations of a document: ID, method and path.
pub(crate) fn operations(document: &Value) -> BTreeSet<(String, String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let path = path.clone();
        item.into_iter().map(move |(method, operation)| {
            (operation["operationId"].as_str().unwrap().to_owned(), method.to_uppercase(), path.clone())
        })
    };
    paths.iter().flat_map(of_path).collect()
}

/// Returns those of the client.
pub(crate) fn methods() -> BTreeSet<(String, String, String)> {
    let all = OPERATIONS.iter().copied().flatten();
    all.map(|one| (one.id.to_owned(), one.method.to_string(), one.path.to_owned())).collect()
}

#[test]
fn every_operation_of_the_document_has_its_method() {
    let snapshot = std::fs::read_to_string(SNAPSHOT).unwrap();
    let (_, document) = snapshot.trim_start_matches("---\n").split_once("---\n").unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    let (operations, methods) = (operations(&document), methods());
    assert!(operations.len() > 70, "{operations:?}");
    let missing: Vec<_> = operations.difference(&methods).collect();
    let stale: Vec<_> = methods.difference(&operations).collect();
    assert!(missing.is_empty() && stale.is_empty(), "without a method: {missing:?}; no operation: {stale:?}");
}
