//! Places in EMCO's resource tree.

use emco::DigKey;
use serde_json::Value;

/// A resource's place: the path of its URL after `/v2`, decoded.
pub(crate) type Key = Vec<String>;

/// A DIG's place.
pub(crate) fn dig_key(dig: &DigKey) -> Key {
    let DigKey { project, composite_app, version, dig } = dig;
    ["projects", project, "composite-apps", composite_app, version, "deployment-intent-groups", dig]
        .map(str::to_owned)
        .to_vec()
}

/// The DIG at a place.
pub(crate) fn dig_at(key: &[String]) -> Option<DigKey> {
    match key {
        [_, project, _, composite_app, version, _, dig] => {
            Some(DigKey::new(project, composite_app, version, dig))
        }
        _ => None,
    }
}

/// Returns the place of a resource or collection below another one.
pub(crate) fn below(key: &[String], names: &[&str]) -> Key {
    key.iter().cloned().chain(names.iter().map(|name| (*name).to_owned())).collect()
}

/// Returns the text of a value, empty if it is none.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
