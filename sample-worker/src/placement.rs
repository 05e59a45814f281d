//! Changes of placements. Pure functions: the clusters of each label are an argument.
//!
//! Everything that does not concern the cluster that an app leaves stays as it is: other clusters, alternatives,
//! unknown fields, and the order.
//!
//! A label may be expanded: one clause for each cluster that had the label when EMCO stored the placement, with both
//! names. Such a clause means its cluster, and all clauses of one label are written as that label
//! ([`Placement::contracted`]). A label that is not expanded, as in responses of EMCO before 2023-07, is resolved by
//! CLM.

use std::collections::BTreeMap;

use emco::{Clause, Placement, Selector};

use crate::model::Target;

/// The clusters that have each label, by provider and label.
pub(crate) type Labels = BTreeMap<(String, String), Vec<String>>;

/// The source is one of several alternatives. Without it EMCO would choose another cluster, which is not the target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IsAChoice;

/// Places the app on the target only, as EMCO's migration places every app.
pub(crate) fn moved(placement: &Placement, target: &Target) -> Placement {
    on_each(placement, std::slice::from_ref(target))
}

/// Places the app on each of these clusters and no other.
pub(crate) fn on_each(placement: &Placement, clusters: &[Target]) -> Placement {
    Placement {
        all_of: clusters.iter().map(|of| Clause::cluster(&of.provider, &of.cluster)).collect(),
        any_of: Vec::new(),
        extra: placement.extra.clone(),
    }
}

/// Whether both demand the same clusters. Other fields do not count: EMCO adds some of its own, and expands labels.
pub(crate) fn is_same_placement(one: &Placement, other: &Placement) -> bool {
    let (one, other) = (one.contracted(), other.contracted());
    fn names(of: &[Selector]) -> Vec<[&str; 3]> {
        of.iter().map(Selector::names).collect()
    }
    let is_same = |(one, other): (&Clause, &Clause)| {
        one.names() == other.names() && names(&one.any_of) == names(&other.any_of)
    };
    one.all_of.len() == other.all_of.len()
        && one.all_of.iter().zip(&other.all_of).all(is_same)
        && names(&one.any_of) == names(&other.any_of)
}

/// Lists the labels that CLM must resolve, each with its provider.
pub(crate) fn labels_of(placement: &Placement) -> Vec<(String, String)> {
    let groups = placement.all_of.iter().flat_map(|of| &of.any_of).chain(&placement.any_of);
    let all = placement.all_of.iter().map(Clause::names).chain(groups.map(Selector::names));
    all.filter(|[_, cluster, label]| cluster.is_empty() && !label.is_empty())
        .map(|[provider, _, label]| (provider.to_owned(), label.to_owned()))
        .collect()
}

/// Lists the clusters on which the app must run.
pub(crate) fn mandatory(placement: &Placement, labels: &Labels) -> Vec<Target> {
    placement.all_of.iter().flat_map(|clause| clusters_of(clause, labels)).collect()
}

/// Lists the clusters among which EMCO may choose.
fn alternatives<'a>(placement: &'a Placement, labels: &'a Labels) -> impl Iterator<Item = Target> + 'a {
    let groups = placement.all_of.iter().map(|clause| &clause.any_of).chain([&placement.any_of]);
    groups.flatten().flat_map(|selector| chosen_from(selector, labels))
}

/// Whether the placement may place the app on `cluster`.
pub(crate) fn reaches(placement: &Placement, cluster: &Target, labels: &Labels) -> bool {
    mandatory(placement, labels).contains(cluster) || alternatives(placement, labels).any(|of| of == *cluster)
}

/// Adds the target to the placement. EMCO refuses a cluster that is named twice, so a target that the placement already
/// demands is not added.
pub(crate) fn with_target(placement: &Placement, target: &Target, labels: &Labels) -> Placement {
    let mut placement = placement.clone();
    if !mandatory(&placement, labels).contains(target) {
        placement.all_of.push(Clause::cluster(&target.provider, &target.cluster));
    }
    placement
}

/// Removes the source from the placement. A label that includes the source is replaced by its other clusters.
///
/// # Errors
/// Returns [`IsAChoice`] if the source is one of several alternatives.
pub(crate) fn without_source(
    placement: &Placement,
    source: &Target,
    labels: &Labels,
) -> Result<Placement, IsAChoice> {
    let mut kept = Placement { all_of: Vec::new(), ..placement.clone() };
    kept.any_of = group_without(&placement.any_of, source, labels)?;
    let covering = placement.all_of.iter().filter(|of| clusters_of(of, labels).contains(source));
    let covering: Vec<(&str, &str)> = covering.map(label_of).filter(|(_, label)| !label.is_empty()).collect();
    for clause in &placement.all_of {
        let group = group_without(&clause.any_of, source, labels)?;
        let names_nothing = clause.cluster.is_empty() && clause.cluster_label.is_empty();
        let clusters = clusters_of(clause, labels);
        if !clusters.contains(source) && !covering.contains(&label_of(clause)) {
            if !(names_nothing && group.is_empty() && !clause.any_of.is_empty()) {
                kept.all_of.push(Clause { any_of: group, ..clause.clone() });
            }
            continue;
        }
        for cluster in clusters.into_iter().filter(|cluster| cluster != source) {
            kept.all_of.push(Clause {
                cluster: cluster.cluster,
                cluster_label: String::new(),
                any_of: Vec::new(),
                ..clause.clone()
            });
        }
        if !group.is_empty() {
            kept.all_of.push(Clause { any_of: group, ..Clause::default() });
        }
    }
    Ok(kept)
}

/// Removes the source from a group of alternatives: the group is unchanged, or empty if the source is the only one.
fn group_without(group: &[Selector], source: &Target, labels: &Labels) -> Result<Vec<Selector>, IsAChoice> {
    let clusters: Vec<Target> = group.iter().flat_map(|selector| chosen_from(selector, labels)).collect();
    if !clusters.contains(source) {
        return Ok(group.to_vec());
    }
    if clusters.iter().all(|cluster| cluster == source) { Ok(Vec::new()) } else { Err(IsAChoice) }
}

fn label_of(clause: &Clause) -> (&str, &str) {
    (&clause.cluster_provider, &clause.cluster_label)
}

fn clusters_of(clause: &Clause, labels: &Labels) -> Vec<Target> {
    clusters(clause.names(), labels)
}

fn chosen_from(selector: &Selector, labels: &Labels) -> Vec<Target> {
    clusters(selector.names(), labels)
}

fn clusters([provider, cluster, label]: [&str; 3], labels: &Labels) -> Vec<Target> {
    if !cluster.is_empty() {
        return vec![Target::new(provider, cluster)];
    }
    let labelled = labels.get(&(provider.to_owned(), label.to_owned())).map_or(&[][..], Vec::as_slice);
    labelled.iter().map(|cluster| Target::new(provider, cluster)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn labels() -> Labels {
        let edge = ["c0", "c1", "c2"].map(str::to_owned).to_vec();
        let pairs = [("p0", "edge", edge), ("p1", "core", vec!["c0".to_owned()])];
        pairs.into_iter().map(|(provider, label, of)| ((provider.to_owned(), label.to_owned()), of)).collect()
    }

    fn cluster() -> impl Strategy<Value = Target> {
        (0..3, 0..4)
            .prop_map(|(provider, cluster)| Target::new(format!("p{provider}"), format!("c{cluster}")))
    }

    fn selector() -> impl Strategy<Value = Selector> {
        let labelled = |provider: &str, label: &str| Selector {
            cluster_provider: provider.to_owned(),
            cluster_label: label.to_owned(),
            ..Selector::default()
        };
        prop_oneof![
            4 => cluster().prop_map(|of| Selector {
                cluster_provider: of.provider,
                cluster: of.cluster,
                ..Selector::default()
            }),
            1 => Just(labelled("p0", "edge")),
            1 => Just(labelled("p1", "core")),
        ]
    }

    /// As in EMCO's responses: a clause for each cluster of the label.
    fn expanded() -> Vec<Clause> {
        let of = |cluster: &String| Clause { cluster: cluster.clone(), ..Clause::label("p0", "edge") };
        labels()[&("p0".to_owned(), "edge".to_owned())].iter().map(of).collect()
    }

    fn clause() -> impl Strategy<Value = Clause> {
        prop_oneof![
            4 => (selector(), any::<bool>()).prop_map(|(of, marked)| Clause {
                cluster_provider: of.cluster_provider,
                cluster: of.cluster,
                cluster_label: of.cluster_label,
                extra: if marked { json!({"ours": 1}).as_object().unwrap().clone() } else { emco::Extra::new() },
                ..Clause::default()
            }),
            1 => prop::collection::vec(selector(), 1..4)
                .prop_map(|any_of| Clause { any_of, ..Clause::default() }),
        ]
    }

    fn placement() -> impl Strategy<Value = Placement> {
        let parts =
            (prop::collection::vec(clause(), 0..5), prop::collection::vec(selector(), 0..4), 0..9_usize);
        parts.prop_map(|(mut all_of, any_of, place)| {
            if place <= all_of.len() {
                all_of.splice(place..place, expanded());
            }
            Placement { all_of, any_of, ..Placement::default() }
        })
    }

    proptest! {
        #[test]
        fn a_relocation_keeps_the_clauses_of_other_clusters(
            before in placement(), source in cluster(), target in cluster()
        ) {
            prop_assume!(source != target);
            let labels = labels();
            let both = with_target(&before, &target, &labels);
            prop_assert!(both.all_of.starts_with(&before.all_of) && both.any_of == before.any_of);
            prop_assert!(mandatory(&both, &labels).contains(&target));
            let Ok(after) = without_source(&both, &source, &labels) else {
                prop_assert!(alternatives(&both, &labels).any(|of| of == source));
                return Ok(());
            };
            // The app cannot be placed on the source, but is on the target and on all its other clusters.
            prop_assert!(!reaches(&after, &source, &labels));
            let set = |of: &Placement| mandatory(of, &labels).into_iter().collect::<BTreeSet<_>>();
            let mut wanted = set(&before);
            wanted.remove(&source);
            wanted.insert(target);
            prop_assert_eq!(set(&after), wanted);
            // Clauses that do not concern the source are unchanged, in their order.
            let label_leaves = |of: &Clause| {
                let has_it = |of: &&Clause| clusters_of(of, &labels).contains(&source);
                !of.cluster_label.is_empty() && both.all_of.iter().filter(has_it).any(|it| label_of(it) == label_of(of))
            };
            let untouched = |of: &&Clause| {
                !clusters_of(of, &labels).contains(&source)
                    && !label_leaves(of)
                    && !of.any_of.iter().flat_map(|of| chosen_from(of, &labels)).any(|of| of == source)
            };
            let mut left = after.all_of.iter();
            for clause in both.all_of.iter().filter(untouched) {
                prop_assert!(left.any(|of| of == clause), "{:?} is lost", clause);
            }
            // A second removal changes nothing.
            prop_assert_eq!(without_source(&after, &source, &labels), Ok(after.clone()));
        }

        #[test]
        fn a_written_placement_means_what_was_read(
            before in placement(), source in cluster(), target in cluster()
        ) {
            prop_assume!(source != target);
            let labels = labels();
            let set = |of: &Placement| mandatory(of, &labels).into_iter().collect::<BTreeSet<_>>();
            let both = with_target(&before, &target, &labels);
            prop_assert_eq!(set(&both.contracted()), set(&both));
            prop_assert!(is_same_placement(&both, &both.contracted()));
            if let Ok(after) = without_source(&both, &source, &labels) {
                prop_assert_eq!(set(&after.contracted()), set(&after));
                let both_names = |of: &Clause| !of.cluster.is_empty() && !of.cluster_label.is_empty();
                prop_assert!(!after.contracted().all_of.iter().any(both_names));
            }
        }

        #[test]
        fn no_further_cluster_is_named_twice(
            before in placement(), source in cluster(), target in cluster()
        ) {
            prop_assume!(source != target);
            let labels = labels();
            let twice = |of: &Placement| {
                let all = mandatory(of, &labels);
                all.len() - all.iter().collect::<BTreeSet<_>>().len()
            };
            let both = with_target(&before, &target, &labels);
            prop_assert_eq!(twice(&both), twice(&before));
            if let Ok(after) = without_source(&both, &source, &labels) {
                prop_assert!(twice(&after) <= twice(&both));
            }
        }
    }

    #[test]
    fn a_label_is_replaced_by_its_other_clusters() {
        let before = Placement { all_of: vec![Clause::label("p0", "edge")], ..Placement::default() };
        let both = with_target(&before, &Target::new("p2", "c3"), &labels());
        let after = without_source(&both, &Target::new("p0", "c1"), &labels()).unwrap();
        let left =
            [("p0", "c0"), ("p0", "c2"), ("p2", "c3")].map(|(of, cluster)| Clause::cluster(of, cluster));
        assert_eq!(after.all_of, left);
    }

    #[test]
    fn an_expanded_label_is_replaced_by_its_other_clusters() {
        let before = Placement { all_of: expanded(), ..Placement::default() };
        let both = with_target(&before, &Target::new("p2", "c3"), &Labels::new());
        assert_eq!(both.contracted().all_of, [Clause::label("p0", "edge"), Clause::cluster("p2", "c3")]);
        let after = without_source(&both, &Target::new("p0", "c1"), &Labels::new()).unwrap();
        let left =
            [("p0", "c0"), ("p0", "c2"), ("p2", "c3")].map(|(of, cluster)| Clause::cluster(of, cluster));
        assert_eq!(after.all_of, left);
    }

    #[test]
    fn an_alternative_is_not_removed_from_a_choice() {
        let any_of = ["c0", "c1"].map(|cluster| Selector {
            cluster_provider: "p2".to_owned(),
            cluster: cluster.to_owned(),
            ..Selector::default()
        });
        let before = Placement { any_of: any_of.to_vec(), ..Placement::default() };
        assert_eq!(without_source(&before, &Target::new("p2", "c0"), &labels()), Err(IsAChoice));
    }
}
