//! EMCO's documents: their fields in Go's order, the checks on them, and how EMCO names their absence
//! (EMCO-API §6.1–§6.10, §9.3).

use std::collections::BTreeMap;

use axum::http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::go_json::Unreadable;
use crate::key::Key;
use crate::reply::Refusal;
use crate::schema::{Metadata, checked};
use crate::store::World;

/// A document that lives in a collection.
pub(crate) trait Resource: Serialize + DeserializeOwned {
    /// EMCO's words for "already exists", sent with 409.
    const EXISTS: &'static str;
    /// The code of it, where EMCO's table of errors misses it.
    const EXISTS_CODE: u16 = 409;
    /// EMCO's words for "not found", sent with 404.
    const MISSING: &'static str;
    /// The code of it, likewise.
    const MISSING_CODE: u16 = 404;
    /// The code of a `PUT` that replaced something.
    const REPLACED: u16 = 201;
    /// The file that comes with the document, in a multipart form.
    const FILE: Option<FileRule> = None;
    /// What an empty list is: the orchestrator writes `null`, CLM `[]`.
    const EMPTY_LIST: EmptyList = EmptyList::Null;
    /// Whether the answers to `POST` and `PUT` carry JSON's content type (EMCO-API §6.1).
    const NAMES_ITS_TYPE: bool = true;

    /// The path segments that name it in its collection.
    fn name(&self) -> Vec<String>;

    /// What a body that cannot be read is answered with.
    fn unreadable(error: Unreadable) -> Refusal {
        Refusal::unreadable(error)
    }

    /// What is wrong with its file, by [`FileRule::Checked`].
    fn check_file(&self, _file: Option<&[u8]>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether it stands without its file.
    fn needs_no_file(&self) -> bool {
        false
    }

    /// The JSON schema.
    fn check(&self) -> Result<(), Refusal>;

    /// What a `PUT` refuses before it looks further.
    fn check_put(&self, _key: &[String], _world: &World) -> Result<(), Refusal> {
        Ok(())
    }

    /// What EMCO looks up before it stores a new one.
    fn admit(&self, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        Ok(())
    }

    /// What EMCO looks up before it lists a collection.
    fn admit_list(_collection: &[String], _world: &World) -> Result<(), Refusal> {
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

    /// What goes with a new one.
    fn created(_key: &Key, _world: &mut World) {}

    /// What forbids its removal.
    fn admit_delete(_key: &[String], _world: &World) -> Result<(), Refusal> {
        Ok(())
    }
}

/// What the file of a multipart form must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileRule {
    /// A gzipped tar of directories and regular files.
    Archive,
    /// Any text, and only if the cluster is not reached by GitOps.
    Kubeconfig,
    /// What the document says; none, one, or several.
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

/// Refuses to rename a document.
fn same_name(key: &[String], name: &str) -> Result<(), Refusal> {
    match key.last().is_some_and(|last| last == name) {
        true => Ok(()),
        false => Err(Refusal::new(400, "Mismatched name in PUT request")),
    }
}

pub(crate) fn project_exists(collection: &[String], world: &World) -> Result<(), Refusal> {
    match collection.get(..2) {
        Some(project) if world.contains(project) => Ok(()),
        _ => Err(Refusal::new(404, Project::MISSING)),
    }
}

/// What listing DIGs and placement intents asks for first (EMCO-API §6.4).
pub(crate) fn composite_app_exists(collection: &[String], world: &World) -> Result<(), Refusal> {
    project_exists(collection, world)?;
    match collection.get(..5) {
        Some(composite_app) if world.contains(composite_app) => Ok(()),
        _ => Err(Refusal::new(404, CompositeApp::MISSING)),
    }
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

            fn name(&self) -> Vec<String> {
                vec![self.metadata.name.clone()]
            }

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

        fn check_put(&self, key: &[String], _world: &World) -> Result<(), Refusal> {
            same_name(key, &self.metadata.name)
        }
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

        fn admit_list(collection: &[String], world: &World) -> Result<(), Refusal> {
            composite_app_exists(collection, world)
        }
    }
}

plain_resource! {
    /// An owner of clusters.
    ClusterProvider {
        const EXISTS: &'static str = "ClusterProvider already exists";
        const MISSING: &'static str = "Cluster provider not found";
        const EMPTY_LIST: EmptyList = EmptyList::Array;

        fn check_put(&self, key: &[String], _world: &World) -> Result<(), Refusal> {
            same_name(key, &self.metadata.name)
        }
    }
}

/// A controller that the orchestrator calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Controller {
    metadata: Metadata,
    spec: ControllerSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct ControllerSpec {
    host: String,
    port: i64,
    r#type: String,
    priority: i64,
}

impl Resource for Controller {
    const EXISTS: &'static str = "Controller already exists";
    const MISSING: &'static str = "Controller not found";

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CompositeApp {
    metadata: Metadata,
    spec: CompositeAppSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CompositeAppSpec {
    composite_app_version: String,
    id: String,
}

impl Resource for CompositeApp {
    const EXISTS: &'static str = "App already exists";
    const MISSING: &'static str = "App not found";

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone(), self.spec.composite_app_version.clone()]
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |_| ())
    }

    fn admit_list(collection: &[String], world: &World) -> Result<(), Refusal> {
        project_exists(collection, world)
    }

    fn complete(&mut self, method: &Method, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        if method == Method::POST {
            self.spec.id = Uuid::new_v4().to_string();
        }
        Ok(())
    }
}

/// Values for one app.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AppProfile {
    metadata: Metadata,
    pub(crate) spec: AppProfileSpec,
}

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

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |_| ())
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        if world.list::<Self>(collection).iter().any(|(_, other)| other.spec.app == self.spec.app) {
            return Err(Refusal::new(409, "App already has an AppProfile"));
        }
        match collection.split_last() {
            Some((_, profile)) if world.contains(profile) => Ok(()),
            _ => Err(Refusal::new(404, CompositeProfile::MISSING)),
        }
    }
}

/// Which controllers take part in a DIG, and with which of their intents.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DigIntents {
    metadata: Metadata,
    pub(crate) spec: DigIntentsSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DigIntentsSpec {
    pub(crate) intent: BTreeMap<String, String>,
}

impl Resource for DigIntents {
    const EXISTS: &'static str = "Intent already exists";
    const MISSING: &'static str = "Intent not found";
    const REPLACED: u16 = 200;

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

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
