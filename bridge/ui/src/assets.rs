//! The style, the script and the icon. Their paths have a hash of their content, so browsers keep them for ever.

use std::io::Write;
use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

/// A file that pages name.
#[derive(Debug)]
pub(crate) struct Asset {
    path: String,
    tag: String,
    kind: &'static str,
    plain: &'static [u8],
    compressed: Vec<u8>,
}

pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("../assets/style.css"))
});
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("page", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/page.js"))
});
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../assets/icon.svg")));

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, plain: &'static [u8]) -> Self {
        let hash = hex::encode(&Sha256::digest(plain)[..8]);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Nothing is written but memory.
        let compressed = encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default();
        Self {
            path: format!("/ui/assets/{name}-{hash}.{ending}"),
            tag: format!("\"{hash}\""),
            kind,
            plain,
            compressed,
        }
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn response(&self, headers: &HeaderMap) -> Response {
        let common = [
            (ETAG, self.tag.as_str()),
            (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (VARY, "accept-encoding"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        if headers.get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == self.tag.as_bytes()) {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        let accepts = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = [(CONTENT_TYPE, self.kind)];
        // A browser that refuses gzip (`gzip;q=0`) does not exist.
        if accepts.contains("gzip") && !self.compressed.is_empty() {
            (common, kind, [(CONTENT_ENCODING, "gzip")], self.compressed.clone()).into_response()
        } else {
            (common, kind, self.plain).into_response()
        }
    }
}

/// Returns the files. They have nothing secret, and pages for nobody need them as well.
pub fn router() -> Router {
    let of = |asset: &'static Asset| get(async move |headers: HeaderMap| asset.response(&headers));
    Router::new()
        .route(STYLE.path(), of(&STYLE))
        .route(SCRIPT.path(), of(&SCRIPT))
        .route(ICON.path(), of(&ICON))
}
