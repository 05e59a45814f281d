//! Which documents refer to which others beside their parents, as in EMCO's referential schema (EMCO-API §8.4).
//! A document that another one refers to cannot be deleted.

use serde_json::Value;

use crate::key::{Key, below, text};

/// The controller whose intents place the apps; EMCO has it built in.
pub(crate) const PLACEMENT: &str = "genericPlacementIntent";

/// Returns the places that a document refers to.
pub(crate) fn references(key: &[String], value: &Value) -> Vec<Key> {
    let segments: Vec<&str> = key.iter().map(String::as_str).collect();
    let spec = &value["spec"];
    let below =
        |above: usize, collection: &str, name: &Value| below(&key[..above], &[collection, &text(name)]);
    let app = || below(COMPOSITE_APP, "apps", &spec["app"]);
    match segments.as_slice() {
        ["projects", _, "logical-clouds", _, "cluster-references", _] => {
            vec![cluster(&spec["clusterProvider"], &spec["cluster"])]
        }
        ["projects", _, "composite-apps", _, _, "composite-profiles", _, "profiles", _] => vec![app()],
        ["projects", _, "composite-apps", _, _, "deployment-intent-groups", _, rest @ ..] => match rest {
            [] => vec![
                below(2, "logical-clouds", &spec["logicalCloud"]),
                below(COMPOSITE_APP, "composite-profiles", &spec["compositeProfile"]),
            ],
            ["intents", _] => {
                let controllers = spec["intent"].as_object().into_iter().flat_map(|map| map.keys());
                controllers
                    .filter(|name| *name != PLACEMENT)
                    .map(|name| vec!["controllers".to_owned(), name.clone()])
                    .collect()
            }
            ["generic-placement-intents", _, "app-intents", _] => {
                let mut found = vec![app()];
                clusters(&spec["intent"], &mut found);
                found
            }
            ["generic-k8s-intents", _, "resources", _] => vec![app()],
            ["generic-k8s-intents", _, "resources", _, "customizations", _] => {
                vec![cluster(&spec["clusterInfo"]["clusterProvider"], &spec["clusterInfo"]["cluster"])]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// How many segments name a version of a composite app.
const COMPOSITE_APP: usize = 5;

fn cluster(provider: &Value, name: &Value) -> Key {
    vec!["cluster-providers".to_owned(), text(provider), "clusters".to_owned(), text(name)]
}

/// Adds the clusters of a placement, and the labels by which they were found.
fn clusters(placement: &Value, found: &mut Vec<Key>) {
    for clause in ["allOf", "anyOf"].iter().filter_map(|group| placement[*group].as_array()).flatten() {
        let cluster = cluster(&clause["clusterProvider"], &clause["cluster"]);
        if let Some(label) = clause["clusterLabel"].as_str() {
            found.push([cluster.as_slice(), &["labels".to_owned(), label.to_owned()]].concat());
        }
        found.push(cluster);
    }
}
