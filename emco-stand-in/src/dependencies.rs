//! The order in which the apps of a composite app come up (EMCO-API §6.1, §6.2).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::key::below;
use crate::reply::Refusal;
use crate::resources::{Document, EmptyList, Resource};
use crate::schema::checked;
use crate::store::World;

/// An app that another one waits for.
pub(crate) type AppDependency = Document<AppDependencySpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AppDependencySpec {
    #[serde(skip_serializing_if = "String::is_empty")]
    app: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    op_status: String,
    #[serde(skip_serializing_if = "is_zero")]
    wait: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Resource for AppDependency {
    // Its own words match no entry of EMCO's table.
    const EXISTS: &'static str = Refusal::INTERNAL;
    const EXISTS_CODE: u16 = 500;
    const MISSING: &'static str = Refusal::INTERNAL;
    const MISSING_CODE: u16 = 500;
    const EMPTY_LIST: EmptyList = EmptyList::Array;
    const INVALID_BODY: Option<&'static str> = Some("Invalid Body");
    const RENAMED: Option<(u16, &'static str)> = Some((400, "Mismatched name in PUT request"));

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |check| {
            check.name(&self.spec.app);
            if !["ready", "deployed"].contains(&self.spec.op_status.to_lowercase().as_str()) {
                check.violated("spec.opStatus must be one of the following: \"Ready\", \"Deployed\"");
            }
            if !(0..=4096).contains(&self.spec.wait) {
                check.violated("Must be less than or equal to 4096");
            }
        })
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        match world.contains(key) {
            true => Ok(()),
            false => Err(Refusal::new(Self::MISSING_CODE, Self::MISSING)),
        }
    }
}

/// Returns the apps that wait until another one is ready, and not only deployed.
pub(crate) fn waiting(apps: &[String], composite_app: &[String], world: &World) -> BTreeSet<String> {
    let waits = |app: &&String| {
        let mut dependencies = dependencies(app, composite_app, world).into_iter();
        dependencies.any(|of| of.spec.op_status.eq_ignore_ascii_case("ready"))
    };
    apps.iter().filter(waits).cloned().collect()
}

fn dependencies(app: &str, composite_app: &[String], world: &World) -> Vec<AppDependency> {
    world.list(&below(composite_app, &["apps", app, "dependency"])).into_iter().map(|(_, of)| of).collect()
}

/// Refuses apps that wait for each other. EMCO checks it at an instantiation and an update, not before.
pub(crate) fn refuse_cycles(apps: &[String], composite_app: &[String], world: &World) -> Result<(), Refusal> {
    let mut waiting: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for app in apps {
        let of = dependencies(app, composite_app, world);
        waiting.insert(app, of.into_iter().map(|of| of.spec.app).collect());
    }
    // An app that waits for no other one starts. The apps of a cycle never do.
    loop {
        let before = waiting.len();
        let left: BTreeSet<String> = waiting.keys().map(|app| (*app).to_owned()).collect();
        waiting.retain(|_, of| of.iter().any(|app| left.contains(app)));
        if waiting.is_empty() {
            return Ok(());
        }
        if waiting.len() == before {
            let name = composite_app.get(3).map_or("", String::as_str);
            let text = format!("Cyclic Dependency between apps found in composite app:{name}");
            return Err(Refusal::new(500, text));
        }
    }
}
