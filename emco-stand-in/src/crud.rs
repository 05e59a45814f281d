//! The handlers that every collection has: create, list, get, put, delete.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::form_urlencoded;

use crate::archive;
use crate::go_json::{self, Unreadable};
use crate::key::Key;
use crate::reply::{self, Refusal};
use crate::resources::{EmptyList, FileRule, Resource, check_owners};
use crate::shared::Shared;
use crate::store::{World, to_value};

/// EMCO has no limit. This one keeps a mistake from filling the memory.
const LONGEST_BODY: usize = 64 << 20;

/// Returns the place that a URL names.
pub(crate) fn key_of(uri: &Uri) -> Key {
    let segments = uri.path().split('/').skip(2);
    segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
}

/// Returns the first value of a parameter of the URL's query.
pub(crate) fn query_of(uri: &Uri, wanted: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.into_iter().find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
}

pub(crate) async fn create<T: Resource>(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Refusal> {
    let collection = key_of(request.uri());
    let (mut document, file) = read::<T>(request).await?;
    document.check()?;
    let mut world = shared.world();
    let key = [collection.as_slice(), &T::name(&to_value(&document))].concat();
    if world.contains(&key) {
        return Err(Refusal::new(T::EXISTS_CODE, T::EXISTS));
    }
    document.admit(&collection, &world)?;
    document.complete(&Method::POST, &collection, &world)?;
    world.insert(&collection, key.clone(), to_value(&document), file)?;
    T::created(&key, &mut world);
    Ok(written::<T>(StatusCode::CREATED, &document))
}

/// The document's own name is the key, not the URL's (EMCO-API §6.4).
pub(crate) async fn put<T: Resource>(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Refusal> {
    let named = key_of(request.uri());
    let (mut document, file) = read::<T>(request).await?;
    document.check()?;
    let name = T::name(&to_value(&document));
    let collection = named[..named.len() - name.len()].to_vec();
    let key = [collection.as_slice(), &name].concat();
    let mut world = shared.world();
    document.check_put(&named, &world)?;
    if let Some((code, text)) = T::RENAMED.filter(|_| !named.ends_with(&name)) {
        return Err(Refusal::new(code, text));
    }
    document.complete(&Method::PUT, &collection, &world)?;
    let existed = world.contains(&key);
    world.insert(&collection, key.clone(), to_value(&document), file)?;
    if !existed {
        T::created(&key, &mut world);
    }
    let code = if existed { T::REPLACED } else { 201 };
    Ok(written::<T>(StatusCode::from_u16(code).unwrap_or(StatusCode::CREATED), &document))
}

pub(crate) async fn list<T: Resource>(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let collection = key_of(&uri);
    let world = shared.world();
    check_owners(T::OWNERS, &collection, &world)?;
    let documents: Vec<Value> =
        world.list(&collection).into_iter().map(|(key, stored)| T::shown(stored, key, &world)).collect();
    match T::EMPTY_LIST {
        EmptyList::Refused(text) if documents.is_empty() => Err(Refusal::new(400, text)),
        EmptyList::NotFound if documents.is_empty() => Ok(reply::json(StatusCode::NOT_FOUND, &Value::Null)),
        EmptyList::Null if documents.is_empty() => Ok(reply::json(StatusCode::OK, &Value::Null)),
        _ => Ok(reply::json(StatusCode::OK, &documents)),
    }
}

pub(crate) async fn get<T: Resource>(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let key = key_of(&uri);
    let no_accept = headers.get(header::ACCEPT).is_none_or(HeaderValue::is_empty);
    let not_acceptable = || Refusal::new(406, "mime: no media type");
    // The generic action controller looks for the document first.
    if matches!(T::FILE, Some(FileRule::Archive | FileRule::Kubeconfig)) && no_accept {
        return Err(not_acceptable());
    }
    let world = shared.world();
    let stored = world.value(&key).ok_or_else(|| Refusal::new(T::MISSING_CODE, T::MISSING))?;
    let document = T::shown(stored.clone(), &key, &world);
    if T::FILE.is_none() {
        return Ok(reply::json(StatusCode::OK, &document));
    }
    if no_accept {
        return Err(not_acceptable());
    }
    accepted(&headers, &document, &key, &world)
}

pub(crate) async fn delete<T: Resource>(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let key = key_of(&uri);
    let mut world = shared.world();
    T::admit_delete(&key, &world)?;
    world.remove(&key)?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn written<T: Resource>(status: StatusCode, document: &T) -> Response {
    let mut response = reply::json(status, document);
    if !T::NAMES_ITS_TYPE {
        // The handler sets no type, so Go guesses one from the bytes.
        response.headers_mut().insert(header::CONTENT_TYPE, reply::PLAIN_TEXT);
    }
    response
}

/// Resources with a file are read by `Accept` (EMCO-API §6.3).
fn accepted(
    headers: &HeaderMap,
    document: &Value,
    key: &[String],
    world: &World,
) -> Result<Response, Refusal> {
    match headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()) {
        Some("application/json") => Ok(reply::json(StatusCode::OK, document)),
        Some("application/octet-stream") => {
            let file = world.file(key).unwrap_or_default();
            Ok(([(header::CONTENT_TYPE, "application/octet-stream")], file).into_response())
        }
        _ => {
            let text = "set Accept: multipart/form-data, application/json or application/octet-stream";
            Err(Refusal::new(300, text))
        }
    }
}

/// Reads a document, and its file if it has one.
async fn read<T: Resource>(request: Request) -> Result<(T, Bytes), Refusal> {
    let Some(rule) = T::FILE else {
        let body = to_bytes(request.into_body(), LONGEST_BODY).await;
        return Ok((decoded(&body.map_err(|error| Refusal::new(422, error.to_string()))?)?, Bytes::new()));
    };
    let (metadata, file) = read_form(request).await.map_err(|text| Refusal::new(422, text))?;
    let document: T = decoded(&metadata)?;
    document.check()?;
    if rule == FileRule::Checked {
        document.check_file(file.as_deref())?;
    }
    let file = match (rule, file) {
        (FileRule::Checked, file) => file.unwrap_or_default(),
        (FileRule::Kubeconfig, None) if document.needs_no_file() => Bytes::new(),
        (_, None) => return Err(Refusal::new(422, "Unable to process file")),
        (FileRule::Archive, Some(file)) if !archive::is_archive(&file) => {
            return Err(Refusal::new(422, "Error in file format"));
        }
        (_, Some(file)) => file,
    };
    Ok((document, file))
}

fn decoded<T: Resource>(body: &[u8]) -> Result<T, Refusal> {
    go_json::decode(body).map_err(|error| match (error, T::INVALID_BODY) {
        (Unreadable::Empty, _) => Refusal::new(400, T::EMPTY_BODY),
        (Unreadable::Invalid(_), Some(text)) => Refusal::new(422, text),
        (Unreadable::Invalid(text), None) => Refusal::new(422, text),
    })
}

/// Returns the fields `metadata` and `file` (or the last of `files`) of a multipart form.
async fn read_form(request: Request) -> Result<(Bytes, Option<Bytes>), String> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|of| of.starts_with("multipart/")) {
        return Err("request Content-Type isn't multipart/form-data".to_owned());
    }
    let mut form = Multipart::from_request(request, &()).await.map_err(|rejection| rejection.body_text())?;
    let (mut metadata, mut file) = (Bytes::new(), None);
    while let Some(field) = form.next_field().await.map_err(|error| error.body_text())? {
        let name = field.name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(|error| error.body_text())?;
        match name.as_str() {
            "metadata" => metadata = content,
            "file" | "files" => file = Some(content),
            _ => {}
        }
    }
    Ok((metadata, file))
}
