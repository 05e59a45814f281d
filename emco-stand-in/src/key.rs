//! Places in EMCO's resource tree.

use emco::DigKey;

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
