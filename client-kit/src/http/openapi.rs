//! The OpenAPI 3.1 document of a server: one path for each client, with the parameters that it reads.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use workflow_api::{Catalogue, CatalogueEntry, Problem, Started, TemporalSpec};

use crate::client::relocated;

const SCHEMAS: &str = "#/components/schemas/";

/// Returns the document.
pub(super) fn document(catalogue: &Catalogue) -> Value {
    let mut schemas = Map::new();
    // Every field of a request is optional; no field of a response is.
    add::<TemporalSpec>(&mut schemas);
    schemas.values_mut().for_each(all_optional);
    add::<Started>(&mut schemas);
    add::<Catalogue>(&mut schemas);
    add::<Problem>(&mut schemas);

    let mut paths = Map::new();
    for client in &catalogue.clients {
        let body = body(client, &mut schemas);
        paths.insert(format!("/invoke/{}", client.name), json!({"post": invoke(client, &body)}));
    }
    paths.insert(
        "/invoke".to_owned(),
        json!({"get": {
            "operationId": "list_clients",
            "summary": "The workflow clients of this server, and the parameters that they read",
            "responses": {"200": answer("The catalogue", "application/json", "Catalogue")},
        }}),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Workflow clients",
            "description": "Starts Temporal workflows for EMCO. The response comes when Temporal has accepted the start, never later.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn invoke(client: &CatalogueEntry, body: &Value) -> Value {
    let header = |name: &str, description: &str| json!({"name": name, "in": "header", "description": description, "schema": {"type": "string"}});
    let declared = |what: &str, value: &str| {
        let text = format!("{what} `{value}`.");
        (!value.is_empty()).then_some(text)
    };
    let description: Vec<_> = [
        declared("Starts workflows of type", client.workflow_type.as_str()),
        declared("Starts on task queue", client.task_queue.as_str()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut operation = json!({
        "operationId": client.name,
        "summary": if client.summary.is_empty() { &client.name } else { &client.summary },
        "description": description.join(" "),
        "parameters": [
            header("Idempotency-Key", "Names this start: a repeat under the same key leads to the same run."),
            header("Prefer", "`return=representation` for a response with a body."),
            {
                "name": "fieldValidation", "in": "query", "description": "How unknown fields are handled.",
                "schema": {"type": "string", "enum": ["Ignore", "Warn", "Strict"], "default": "Warn"},
            },
        ],
        "requestBody": {"required": true, "content": {"application/json": {"schema": body}}},
        "responses": {
            "201": answer("Started, or already running; for callers that prefer a body", "application/json", "Started"),
            "204": {"description": "Started, or already running: `Workflow-Id` and `Run-Id` name the run"},
            "422": answer("The body or the parameters are invalid: every fault, by path", "application/problem+json", "Problem"),
            "default": answer("The start failed", "application/problem+json", "Problem"),
        },
    });
    // OpenAPI has no place for what can be sent to the workflow, because that goes over other servers.
    for (name, declared) in [
        ("x-activities", json!(client.activities)),
        ("x-signals", json!(client.signals)),
        ("x-updates", json!(client.updates)),
        ("x-queries", json!(client.queries)),
    ] {
        if !declared.is_null() {
            operation[name] = declared;
        }
    }
    operation
}

/// Returns the schema of a client's body: EMCO's, with the parameters that it reads.
fn body(client: &CatalogueEntry, schemas: &mut Map<String, Value>) -> Value {
    let spec = json!({"$ref": format!("{SCHEMAS}TemporalSpec")});
    if client.params.is_empty() {
        return spec;
    }
    let activities = client.params.iter().map(|(activity, schema)| {
        let prefix = format!("{}.{activity}.", client.name);
        let (schema, definitions) = relocated(schema, &prefix, SCHEMAS);
        schemas.extend(definitions);
        (activity.clone(), as_texts(&schema))
    });
    let activities: Map<_, _> = activities.collect();
    let of = |name: &str, schema: Value| json!({"type": "object", "properties": {name: schema}});
    let params = json!({"type": "object", "properties": activities});
    json!({"allOf": [spec, of("workflowParams", of("activityParams", params))]})
}

/// Returns the schema of an object on the wire, where every member is a text. Members of other types are JSON in a
/// text.
///
/// No member is required, because an activity's parameters may be among those for all activities.
fn as_texts(schema: &Value) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let texts = properties.into_iter().map(|(name, property)| {
        let is_text = property.get("type").is_some_and(|kind| kind == "string");
        let text = if is_text {
            property
        } else {
            let mut text = json!({"type": "string", "contentMediaType": "application/json"});
            if let Some(description) = property.get("description") {
                text["description"] = description.clone();
            }
            text["contentSchema"] = property;
            text
        };
        (name, text)
    });
    let properties: Map<_, _> = texts.collect();
    json!({
        "type": "object",
        "properties": properties,
        "x-required": schema.get("required").cloned().unwrap_or_else(|| json!([])),
    })
}

fn answer(description: &str, kind: &str, schema: &str) -> Value {
    let schema = json!({"$ref": format!("{SCHEMAS}{schema}")});
    json!({"description": description, "content": {kind: {"schema": schema}}})
}

/// Adds the schema of a type and of the types that it contains.
fn add<T: ToSchema>(schemas: &mut Map<String, Value>) {
    let mut parts: Vec<(String, RefOr<Schema>)> = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut parts);
    for (name, schema) in parts {
        schemas.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
}

fn all_optional(schema: &mut Value) {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
    }
}
