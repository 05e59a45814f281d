//! The body of `POST …/rollback`, which is EMCO's for deployment intent groups (EMCO-API §6.5).

use serde::Serialize;

use crate::read::from_json;
use crate::{Metadata, RawJson};

/// A request to take an earlier revision of an intent again.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackRequest {
    /// Of no meaning; emcoctl always sends it.
    pub metadata: Metadata,
    /// What to take again.
    pub spec: RollbackSpec,
}

from_json!(RollbackRequest { "metadata" => metadata, "spec" => spec });

/// What to take again.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackSpec {
    /// The revision: EMCO's callers write it as text, others may write a number.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub revision: Option<RawJson>,
}

from_json!(RollbackSpec { "revision" => revision });
