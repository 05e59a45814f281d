//! Moves and their undo for all kinds of placements.

use std::fmt::Write as _;

use emco::{Clause, Client, ClusterRef, DigKey, Placement, Settings};
use emco_stand_in::{Effect, Fault};
use futures::{StreamExt, stream};
use harness::eventually;
use serde_json::{Value, json};

use super::{EVACUATE, GPI, MIGRATE};
use crate::run::SOON;
use crate::scene::Scene;
use crate::site::SETTLE;

const RELOCATE: &str = "EmcoRelocateWorkflow";
const AT_ONCE: usize = 18;

/// The placement of an app intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A label of two clusters.
    Label,
    /// One of these clusters.
    Cluster,
    /// The label, and a third cluster.
    Both,
}

/// A workflow that moves apps of a project of their own.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) workflow: &'static str,
    pub(super) by: By,
    pub(super) apps: &'static [&'static str],
    pub(super) name: String,
}

fn cases(test: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for workflow in [MIGRATE, RELOCATE, EVACUATE] {
        for by in [By::Label, By::Cluster, By::Both] {
            for apps in [&["one"][..], &["one", "two"]] {
                cases.push(Case { workflow, by, apps, name: format!("{test}{}", cases.len()) });
            }
        }
    }
    cases
}

impl Case {
    pub(super) fn dig(&self) -> DigKey {
        DigKey::new(&self.name, "capp", "v1", "dig")
    }

    pub(super) fn cluster(&self, cluster: &str) -> ClusterRef {
        ClusterRef::new(&self.name, cluster)
    }

    pub(super) fn placement(&self) -> Placement {
        let (label, cluster) =
            (Clause::label(&self.name, "edge"), |of: &str| Clause::cluster(&self.name, of));
        let all_of = match self.by {
            By::Label => vec![label],
            By::Cluster => vec![cluster("edge1")],
            By::Both => vec![label, cluster("core")],
        };
        Placement { all_of, ..Placement::default() }
    }

    /// Returns where each app is before.
    pub(super) fn former(&self) -> Vec<ClusterRef> {
        let clusters = match self.by {
            By::Label => &["edge1", "edge2"][..],
            By::Cluster => &["edge1"],
            By::Both => &["core", "edge1", "edge2"],
        };
        clusters.iter().map(|of| self.cluster(of)).collect()
    }

    /// Returns where each app is to be.
    pub(super) fn wanted(&self) -> Vec<ClusterRef> {
        let mut wanted = if self.workflow == MIGRATE { Vec::new() } else { self.former() };
        wanted.retain(|of| of.cluster != "edge1");
        wanted.push(self.cluster("target"));
        wanted
    }

    pub(super) async fn prepare(&self, scene: &Scene) {
        scene.emco.load(&self.documents()).await.unwrap();
        self.comes_to(scene, &self.former()).await;
    }

    /// Returns the provider, the project and everything in it, as documents of emcoctl.
    pub(super) fn documents(&self) -> String {
        let name = &self.name;
        let (provider, project) = (format!("cluster-providers/{name}"), format!("projects/{name}"));
        let app = format!("{project}/composite-apps/capp/v1");
        let dig = format!("{app}/deployment-intent-groups/dig");
        let mut stream = String::new();
        let mut add = |anchor: &str, document: Value| {
            let mut document = document;
            document["resourceContext"] = json!({"anchor": anchor});
            writeln!(stream, "---\n{document}").unwrap();
        };
        let named = |name: &str| json!({"metadata": {"name": name}});
        let spec = |name: &str, spec: Value| json!({"metadata": {"name": name}, "spec": spec});
        let file = |name: &str| json!({"metadata": {"name": name}, "file": "file"});
        add("cluster-providers", named(name));
        add("projects", named(name));
        add(&format!("{project}/logical-clouds"), spec("cloud", json!({"level": "0"})));
        for cluster in ["edge1", "edge2", "core", "target"] {
            add(&format!("{provider}/clusters"), file(cluster));
            if cluster.starts_with("edge") {
                add(&format!("{provider}/clusters/{cluster}/labels"), json!({"clusterLabel": "edge"}));
            }
            let of = json!({"clusterProvider": name, "cluster": cluster, "loadbalancerIp": "0.0.0.0"});
            add(&format!("{project}/logical-clouds/cloud/cluster-references"), spec(cluster, of));
        }
        add(&format!("{project}/logical-clouds/cloud/instantiate"), json!({}));
        add(&format!("{project}/composite-apps"), spec("capp", json!({"compositeAppVersion": "v1"})));
        add(&format!("{app}/composite-profiles"), named("profile"));
        let of_dig = json!({
            "compositeProfile": "profile", "version": "r1", "logicalCloud": "cloud", "overrideValues": [],
        });
        add(&format!("{app}/deployment-intent-groups"), spec("dig", of_dig));
        let intent = json!({"intent": {"genericPlacementIntent": GPI}});
        add(&format!("{dig}/intents"), spec("intent", intent));
        add(&format!("{dig}/generic-placement-intents"), named(GPI));
        for of in self.apps {
            add(&format!("{app}/apps"), file(of));
            let mut profile = spec(of, json!({"app": of}));
            profile["file"] = json!("file");
            add(&format!("{app}/composite-profiles/profile/profiles"), profile);
            let intent = json!({"app": of, "intent": self.placement()});
            add(&format!("{dig}/generic-placement-intents/{GPI}/app-intents"), spec(of, intent));
        }
        add(&format!("{dig}/approve"), json!({}));
        add(&format!("{dig}/instantiate"), json!({}));
        stream
    }

    pub(super) fn params(&self, scene: &Scene, changes: &[(&str, &str)]) -> Value {
        let mut all = json!({
            "emcoURL": scene.emco.url(), "project": self.name,
            "targetClusterProvider": self.name, "targetClusterName": "target",
        });
        let mut add = |fields: &[(&str, &str)]| fields.iter().for_each(|(name, of)| all[*name] = json!(of));
        let apps = self.apps.join(",");
        let source = [("sourceClusterProvider", self.name.as_str()), ("sourceClusterName", "edge1")];
        let group =
            [("compositeApp", "capp"), ("compositeAppVersion", "v1"), ("deploymentIntentGroup", "dig")];
        match self.workflow {
            MIGRATE => add(&group),
            RELOCATE => add(&[&group[..], &source, &[("app", apps.as_str())]].concat()),
            _ => add(&source),
        }
        add(changes);
        let retry = json!({"InitialInterval": "10ms", "BackoffCoefficient": 1, "MaximumAttempts": 4});
        json!({
            "activityOptions": {"all-activities": {"StartToCloseTimeout": "60s", "RetryPolicy": retry}},
            "activityParams": {"all-activities": all},
        })
    }

    /// Waits until each app is ready in these clusters.
    pub(super) async fn comes_to(&self, scene: &Scene, clusters: &[ClusterRef]) {
        eventually(SOON, &format!("{self:?} comes to {clusters:?}"), async || {
            let now = scene.emco.placement(&self.dig());
            let is_there = now.len() == self.apps.len() && now.values().all(|on| on == clusters);
            if is_there { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    }

    /// Watches until an app runs nowhere. It looks often, because an app may be away for a moment only; the move
    /// that it watches has a deadline, and ends it.
    pub(super) async fn is_nowhere(&self, scene: &Scene) {
        loop {
            if scene.emco.placement(&self.dig()).values().any(Vec::is_empty) {
                return;
            }
            tokio::time::sleep(SETTLE / 20).await;
        }
    }

    /// Whether each app has objects in these clusters and no others.
    pub(super) fn is_on(&self, scene: &Scene, clusters: &[ClusterRef]) -> Result<(), String> {
        let mut wanted = clusters.to_vec();
        wanted.sort();
        let now = scene.emco.applied(&self.dig());
        let is_there = now.len() == self.apps.len() && now.values().all(|on| *on == wanted);
        if is_there { Ok(()) } else { Err(format!("{self:?} is on {now:?}, not on {wanted:?}")) }
    }

    /// Returns the placements as they are written.
    pub(super) async fn asks_for(&self, scene: &Scene) -> Vec<Vec<Clause>> {
        let emco = Client::new(scene.emco.url(), Settings::default()).unwrap();
        let intents = emco.list_app_intents(&self.dig(), GPI).await.unwrap();
        intents.iter().map(|intent| intent.spec.intent.contracted().all_of).collect()
    }
}

/// Runs all cases concurrently, and then restarts rsync. Each case's apps must be on its clusters before and after.
async fn play(scene: &Scene, cases: Vec<Case>, of: impl AsyncFn(&Case) -> Vec<ClusterRef>) {
    let played: Vec<(Case, Vec<ClusterRef>)> = stream::iter(cases)
        .map(async |case: Case| {
            case.prepare(scene).await;
            let place = tokio::select! {
                place = of(&case) => place,
                () = case.is_nowhere(scene) => panic!("{case:?} serves nowhere"),
            };
            (case, place)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let wrong: Vec<String> =
        played.iter().filter_map(|(case, place)| case.is_on(scene, place).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    let lost: Vec<String> =
        played.iter().filter_map(|(case, place)| case.is_on(scene, place).err()).collect();
    assert!(lost.is_empty(), "after a restart of rsync: {}", lost.join("\n"));
}

#[tokio::test]
async fn apps_of_every_placement_are_removed() {
    let scene = Scene::new("seen").await;
    scene.emco.forget_removals(usize::MAX);
    play(&scene, cases("seen"), async |case| {
        scene.start_once(case.workflow, &case.params(&scene, &[])).await.result().await;
        case.wanted()
    })
    .await;
}

#[tokio::test]
async fn failed_moves_of_every_placement_are_undone() {
    let scene = Scene::new("back").await;
    scene.emco.forget_removals(usize::MAX);
    play(&scene, cases("back"), async |case| {
        let before = case.asks_for(&scene).await;
        scene.emco.hold(&case.cluster("target"), None, None);
        let params = case.params(&scene, &[("readyTimeout", "4s")]);
        let failure = scene.start_once(case.workflow, &params).await.failure().await;
        assert!(failure.text.contains("not ready on"), "{case:?}: {}", failure.text);
        assert!(!failure.text.contains("could not be undone"), "{case:?}: {}", failure.text);
        assert_eq!(case.asks_for(&scene).await, before, "{case:?}");
        case.former()
    })
    .await;
}

/// The second step cannot be written, so the first is undone.
#[tokio::test]
async fn half_a_move_of_every_placement_is_undone() {
    let scene = Scene::new("half").await;
    scene.emco.forget_removals(usize::MAX);
    let halves = cases("half").into_iter().filter(|case| case.apps.len() == 1).collect();
    play(&scene, halves, async |case| {
        let before = case.asks_for(&scene).await;
        let refusal = Effect::Answer { status: 400, content_type: "text/plain", body: "no".to_owned() };
        scene.emco.fail(Fault::on("PUT", &format!("projects/{}/", case.name), refusal).after(1));
        let failure = scene.start_once(case.workflow, &case.params(&scene, &[])).await.failure().await;
        assert!(!failure.text.contains("could not be undone"), "{case:?}: {}", failure.text);
        assert_eq!(case.asks_for(&scene).await, before, "{case:?}");
        case.former()
    })
    .await;
}
