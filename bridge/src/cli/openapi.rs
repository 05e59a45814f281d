//! `bridge openapi`: prints the OpenAPI document.

use std::io::{Write, stdout};

use anyhow::Context;

pub(super) fn run() -> anyhow::Result<()> {
    stdout().write_all(bridge_http::document().as_bytes()).context("cannot print the document")
}
