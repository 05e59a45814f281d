//! EMCO's documents: their fields in Go's order, the checks on them, and how EMCO names their absence
//! (EMCO-API §6.1–§6.10, §9.3).

use std::collections::BTreeMap;

use axum::http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::key::{Key, text};
use crate::reply::Refusal;
use crate::schema::{Metadata, checked};
use crate::store::World;

/// A document: metadata, and what its kind has beside them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Document<S> {
    pub(crate) metadata: Metadata,
    pub(crate) spec: S,
}

/// A document that lives in a collection.
pub(crate) trait Resource: Serialize + DeserializeOwned {
    /// EMCO's words for "already exists", sent with 409.
    const EXISTS: &'static str;
    /// The code for "already exists", where EMCO's table of errors misses it.
    const EXISTS_CODE: u16 = 409;
    /// EMCO's words for "not found", sent with 404.
    const MISSING: &'static str;
    /// The code for "not found", where EMCO's table of errors misses it.
    const MISSING_CODE: u16 = 404;
    /// The code of a `PUT` that replaced something.
    const REPLACED: u16 = 201;
    /// The code and words for a `PUT` under another name, where EMCO refuses it.
    const RENAMED: Option<(u16, &'static str)> = None;
    /// The file that comes with the document, in a multipart form.
    const FILE: Option<FileRule> = None;
    /// What an empty list is: the orchestrator writes `null`, CLM `[]`.
    const EMPTY_LIST: EmptyList = EmptyList::Null;
    /// What a list looks up first.
    const OWNERS: &'static [Owner] = &[];
    /// Whether the responses to `POST` and `PUT` carry JSON's content type (EMCO-API §6.1).
    const NAMES_ITS_TYPE: bool = true;
    /// The words for a body without a JSON value, sent with 400.
    const EMPTY_BODY: &'static str = "Empty body";
    /// The words for a body that is not valid, sent with 422, where they are not those of Go's decoder.
    const INVALID_BODY: Option<&'static str> = None;

    /// Returns the path segments that name the document in its collection.
    fn name(document: &Value) -> Vec<String> {
        vec![text(&document["metadata"]["name"])]
    }

    /// Checks its file, by [`FileRule::Checked`].
    fn check_file(&self, _file: Option<&[u8]>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether the document is complete without its file.
    fn needs_no_file(&self) -> bool {
        false
    }

    /// Checks the document by its JSON schema.
    fn check(&self) -> Result<(), Refusal>;

    /// Checks what a `PUT` looks up first.
    fn check_put(&self, _key: &[String], _world: &World) -> Result<(), Refusal> {
        Ok(())
    }

    /// Checks what EMCO looks up before it stores a new document.
    fn admit(&self, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        Ok(())
    }

    /// Fills in what EMCO adds before it stores the document, after it has been admitted.
    fn complete(&mut self, _method: &Method, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        Ok(())
    }

    /// Returns the document as a `GET` shows it.
    fn shown(stored: Value, _key: &[String], _world: &World) -> Value {
        stored
    }

    /// Does what goes with a new document.
    fn created(_key: &Key, _world: &mut World) {}

    /// Checks what forbids a removal.
    fn admit_delete(_key: &[String], _world: &World) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A resource that others belong to: the length of its key, and EMCO's words for its absence.
pub(crate) type Owner = (usize, &'static str);

pub(crate) const PROJECT: Owner = (2, Project::MISSING);
pub(crate) const COMPOSITE_APP: Owner = (5, CompositeApp::MISSING);

/// Refuses a key whose owners do not exist.
pub(crate) fn check_owners(owners: &[Owner], key: &[String], world: &World) -> Result<(), Refusal> {
    let missing = owners.iter().find(|(length, _)| !key.get(..*length).is_some_and(|of| world.contains(of)));
    missing.map_or(Ok(()), |(_, text)| Err(Refusal::new(404, *text)))
}

/// What the file of a multipart form must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileRule {
    /// A gzipped tar of directories and regular files.
    Archive,
    /// Any text, and only if the cluster is not reached by GitOps.
    Kubeconfig,
    /// Depends on the document: none, one, or several.
    Checked,
}

/// What an empty list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmptyList {
    /// `null`
    Null,
    /// `[]`
    Array,
    /// `null`, sent with 404.
    NotFound,
    /// An error.
    Refused(&'static str),
}

/// A document of metadata alone; a `spec` is dropped.
macro_rules! plain_resource {
    ($(#[$doc:meta])* $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            pub(crate) metadata: Metadata,
        }

        impl Resource for $name {
            $($body)*

            fn check(&self) -> Result<(), Refusal> {
                checked(&self.metadata, |_| ())
            }
        }
    };
}

plain_resource! {
    /// A tenant.
    Project {
        const EXISTS: &'static str = "Project already exists";
        const MISSING: &'static str = "Project not found";
        const REPLACED: u16 = 200;
        const RENAMED: Option<(u16, &'static str)> = Some((400, "Mismatched name in PUT request"));
    }
}

plain_resource! {
    /// A Helm chart of a composite app.
    App {
        const EXISTS: &'static str = "App already exists";
        const MISSING: &'static str = "App not found";
        const FILE: Option<FileRule> = Some(FileRule::Archive);
    }
}

plain_resource! {
    /// A set of app profiles.
    CompositeProfile {
        const EXISTS: &'static str = "CompositeProfile already exists";
        const MISSING: &'static str = "CompositeProfile not found";
    }
}

plain_resource! {
    /// A set of app intents. Its own name for itself is hidden by the order of EMCO's error table.
    PlacementIntent {
        const EXISTS: &'static str = "Intent already exists";
        const MISSING: &'static str = "Intent not found";
        const REPLACED: u16 = 200;
        const OWNERS: &'static [Owner] = &[PROJECT, COMPOSITE_APP];
    }
}

plain_resource! {
    /// An owner of clusters.
    ClusterProvider {
        const EXISTS: &'static str = "ClusterProvider already exists";
        const MISSING: &'static str = "Cluster provider not found";
        const EMPTY_LIST: EmptyList = EmptyList::Array;
        const RENAMED: Option<(u16, &'static str)> = Some((400, "Mismatched name in PUT request"));
    }
}

/// A controller that the orchestrator calls.
pub(crate) type Controller = Document<ControllerSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ControllerSpec {
    host: String,
    port: i64,
    r#type: String,
    priority: i64,
}

impl Resource for Controller {
    const EXISTS: &'static str = "Controller already exists";
    const MISSING: &'static str = "Controller not found";

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |check| {
            check.length(&self.spec.host, 128);
            if !(0..=50_000).contains(&self.spec.port) {
                check.violated("Must be less than or equal to 50000");
            }
            if !matches!(self.spec.r#type.as_str(), "" | "action" | "placement") {
                check.violated("spec.type must be one of the following: \"action\", \"placement\", \"\"");
            }
        })
    }
}

/// A set of apps, in a version.
pub(crate) type CompositeApp = Document<CompositeAppSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CompositeAppSpec {
    composite_app_version: String,
    id: String,
}

impl Resource for CompositeApp {
    const EXISTS: &'static str = "App already exists";
    const MISSING: &'static str = "App not found";
    const OWNERS: &'static [Owner] = &[PROJECT];

    fn name(document: &Value) -> Vec<String> {
        vec![text(&document["metadata"]["name"]), text(&document["spec"]["compositeAppVersion"])]
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |_| ())
    }

    fn complete(&mut self, method: &Method, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        if method == Method::POST {
            self.spec.id = Uuid::new_v4().to_string();
        }
        Ok(())
    }
}

/// Values for one app.
pub(crate) type AppProfile = Document<AppProfileSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AppProfileSpec {
    pub(crate) app: String,
}

impl Resource for AppProfile {
    const EXISTS: &'static str = "AppProfile already exists";
    const MISSING: &'static str = "AppProfile not found";
    const FILE: Option<FileRule> = Some(FileRule::Archive);
    const NAMES_ITS_TYPE: bool = false;

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |_| ())
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        if world.list::<Self>(collection).iter().any(|(_, other)| other.spec.app == self.spec.app) {
            return Err(Refusal::new(409, "App already has an AppProfile"));
        }
        check_owners(&[(7, CompositeProfile::MISSING)], collection, world)
    }
}

/// Which controllers take part in a DIG, and with which of their intents.
pub(crate) type DigIntents = Document<DigIntentsSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DigIntentsSpec {
    pub(crate) intent: BTreeMap<String, String>,
}

impl Resource for DigIntents {
    const EXISTS: &'static str = "Intent already exists";
    const MISSING: &'static str = "Intent not found";
    const REPLACED: u16 = 200;

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |check| {
            // Absent: we do not keep it apart from an empty one.
            if self.spec.intent.is_empty() {
                check.violated("Invalid type. Expected: object, given: null");
            }
            self.spec.intent.values().for_each(|name| check.length(name, 128));
        })
    }
}
