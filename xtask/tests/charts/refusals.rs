//! Faults are refused when a chart is rendered, with one sentence.

use crate::Chart;

#[track_caller]
fn assert_refused(chart: &'static str, sets: &[&str], sentence: &str) {
    let error = Chart { name: chart }.with(sets).expect_err("rendered");
    assert!(error.contains(sentence), "{chart} {sets:?}: {error}");
}

#[test]
fn values_that_a_chart_does_not_know() {
    for chart in crate::CHARTS {
        for (set, unknown) in [
            ("replcas=1", "replcas"),
            ("image.tga=1", "tga"),
            ("temporal.tls.enable=true", "enable"),
            ("probes.liveness.period=1", "period"),
            ("networkPolicy.egres=1", "egres"),
            ("env[0].nam=A", "nam"),
        ] {
            assert_refused(chart, &[set], &format!("additional properties '{unknown}' not allowed"));
        }
    }
    // Helm adds it for parent charts.
    assert!(Chart { name: "worker" }.with(&["global.anything=1"]).is_ok());
}

/// As with `helm upgrade --reuse-values`, when a chart has new values.
#[test]
fn values_that_are_missing() {
    for chart in crate::CHARTS {
        for set in
            ["image", "service", "probes", "probes.liveness", "networkPolicy", "temporal.tls", "replicas"]
        {
            let sentence = format!(
                "{set} is missing: give it a value, or leave it out for the chart's own; to upgrade, use \
                                    --reset-then-reuse-values"
            );
            assert_refused(chart, &[&format!("{set}=null")], &sentence);
        }
        for set in ["affinity", "resources", "resources.limits", "podSecurityContext.runAsUser"] {
            let objects = Chart { name: chart }.with(&[&format!("{set}=null")]);
            assert!(objects.is_ok(), "{chart} {set}: {objects:?}");
        }
    }
    assert_refused("bridge", &["tls=null"], "tls is missing");
}

#[test]
fn names_that_occur_twice() {
    for (sets, sentence) in [
        ("env[0].name=A,env[0].value=a,env[1].name=A,env[1].value=b", "env has A twice"),
        (
            "volumes[0].name=data,volumes[0].emptyDir.medium=Memory",
            "volumes has a second `data`, or the chart has one",
        ),
        ("volumeMounts[0].name=a,volumeMounts[0].mountPath=/data", "volumeMounts has a second `/data`"),
    ] {
        assert_refused("bridge", &[sets], sentence);
    }
}

#[test]
fn values_out_of_range() {
    for (set, at) in [
        ("environment=production", "/environment"),
        ("replicas=-1", "/replicas"),
        ("replicas=two", "/replicas"),
        ("image.digest=sha256:12", "/image/digest"),
        ("image.tag=a b", "/image/tag"),
        ("temporal.port=70000", "/temporal/port"),
        ("temporal.server=http://temporal", "/temporal/server"),
        ("service.port=80", "/service/port"),
        ("log.format=xml", "/log/format"),
        ("drainSeconds=30s", "/drainSeconds"),
        ("podDisruptionBudget.maxUnavailable=many", "/podDisruptionBudget/maxUnavailable"),
        ("volumes[0].name=host,volumes[0].hostPath.path=/", "/volumes/0"),
    ] {
        for chart in crate::CHARTS {
            assert_refused(chart, &[set], &format!("at '{at}'"));
        }
    }
    assert_refused("bridge", &["anonymousNetworks={everywhere}"], "at '/anonymousNetworks/0'");
    assert_refused("bridge", &["keyRetention=7 days"], "at '/keyRetention'");
    assert_refused("bridge", &["emco.url=ftp://emco"], "at '/emco/url'");
    assert_refused("bridge", &["clients.hosts={}"], "at '/clients/hosts/0'");
    assert_refused("worker", &["emco.urls[0]=emco"], "at '/emco/urls/0'");
    assert_refused("workflow-client", &["bodyLimit=2MB"], "at '/bodyLimit'");
}

#[test]
fn sqlite_with_more_than_one_replica() {
    let sentence = "SQLite is for one replica: set database.type=postgres for more";
    assert_refused("bridge", &["replicas=2"], sentence);
    assert_refused("bridge", &["autoscaling.enabled=true"], sentence);
}

/// The bridge needs rights for callers that it authenticates.
fn with_rights(chart: &str, identity: &str) -> String {
    if chart == "bridge" { format!("{identity},rights.existingSecret=r") } else { identity.to_owned() }
}

#[test]
fn callers_without_identities() {
    let sentence = "identities are missing: name the callers by bearerTokens, issuers or tls.clientCA, or accept \
                    everybody with insecure=true";
    for chart in ["bridge", "workflow-client"] {
        assert_refused(chart, &["insecure=false"], sentence);
        // Anonymous callers are no identity.
        assert_refused(chart, &["insecure=false", "anonymousNetworks={10.0.0.0/8}"], sentence);
        for identity in [
            "bearerTokens.existingSecret=s",
            "issuers.existingSecret=s",
            "tls.existingSecret=t,tls.clientCA.existingSecret=s",
        ] {
            let identity = with_rights(chart, identity);
            assert!(Chart { name: chart }.with(&["insecure=false", &identity]).is_ok(), "{chart} {identity}");
        }
    }
    let identity = with_rights("bridge", "trustedProxies={10.0.0.1}");
    assert!(Chart { name: "bridge" }.with(&["insecure=false", &identity]).is_ok());
}

#[test]
fn logins_that_cannot_work() {
    let rights = "rights.existingSecret=r";
    assert_refused(
        "bridge",
        &["login.keys.existingSecret=k", "login.publicURL=https://bridge.example"],
        "issuers or bearerTokens are missing: with login.keys persons log in at an issuer or with a token",
    );
    assert_refused(
        "bridge",
        &["login.keys.existingSecret=k", "issuers.existingSecret=i", rights],
        "login.publicURL is missing: write the address at which browsers find the bridge",
    );
}

#[test]
fn a_missing_address_of_temporal() {
    for chart in crate::CHARTS {
        assert_refused(
            chart,
            &["temporal.server="],
            "temporal.server is missing: write the host name of the Temporal frontend",
        );
    }
}

#[test]
fn prod_without_a_tag_or_digest() {
    let sentence =
        "image.tag is missing: in prod say which image runs, by image.tag (not latest) or image.digest";
    let digest = format!("image.digest=sha256:{}", "0".repeat(64));
    for chart in crate::CHARTS {
        assert_refused(chart, &["environment=prod"], sentence);
        assert_refused(chart, &["environment=prod", "image.tag=latest"], sentence);
        for tag in ["image.tag=0.1.0", &digest] {
            assert!(Chart { name: chart }.with(&["environment=prod", tag]).is_ok(), "{chart} {tag}");
        }
        assert!(Chart { name: chart }.with(&["environment=dev"]).is_ok(), "{chart}");
    }
}

#[test]
fn settings_that_exclude_each_other() {
    for (chart, sets, sentence) in [
        ("bridge", &["database.type=postgres"][..], "database.postgres.existingSecret is missing"),
        ("bridge", &["emco.token.existingSecret=t"], "emco.url is missing"),
        ("bridge", &["lingerSeconds=40"], "lingerSeconds (40) is a part of drainSeconds (30)"),
        ("workflow-client", &["tls.clientCRL.existingSecret=r"], "tls.clientCA.existingSecret is missing"),
        (
            "bridge",
            &["tls.clientCA.existingSecret=ca,rights.existingSecret=r"],
            "tls.existingSecret is missing",
        ),
        (
            "bridge",
            &["bearerTokens.existingSecret=t"],
            "rights.bindings is missing: callers who are authenticated",
        ),
        (
            "bridge",
            &["trustedProxies={10.42.0.0/16}"],
            "rights.bindings is missing: callers who are authenticated",
        ),
        ("bridge", &["rights.bindings=b,rights.existingSecret=s"], "exclude each other"),
        ("bridge", &["rights.policies={a.cedar}"], "rights.existingSecret is missing"),
        ("bridge", &["ingress.enabled=true"], "ingress.hosts is missing"),
        ("bridge", &["service.nodePort=30495"], "service.nodePort needs a service.type"),
        (
            "bridge",
            &["service.externalTrafficPolicy=Local"],
            "service.externalTrafficPolicy needs a service.type",
        ),
        (
            "bridge",
            &["service.loadBalancerClass=a"],
            "service.loadBalancerClass needs service.type=LoadBalancer",
        ),
        ("workflow-client", &["lingerSeconds=40"], "lingerSeconds (40) is a part of drainSeconds (30)"),
        ("worker", &["emco.token.existingSecret=t"], "emco.urls is missing"),
        ("worker", &["temporal.apiKey.existingSecret=k"], "temporal.tls.enabled is false"),
        (
            "worker",
            &[
                "temporal.apiKey.existingSecret=k,temporal.tls.enabled=true",
                "env[0].name=TEMPORAL_API_KEY,env[0].value=k",
            ],
            "env has TEMPORAL_API_KEY, and temporal.apiKey",
        ),
        ("worker", &["temporal.tls.existingSecret=k"], "temporal.tls.enabled is false"),
        (
            "worker",
            &["temporal.tls.enabled=true,temporal.tls.existingSecret=k,temporal.tls.privateKeyKey="],
            "temporal.tls.certificateKey and temporal.tls.privateKeyKey go together",
        ),
        (
            "worker",
            &["autoscaling.enabled=true,autoscaling.minReplicas=9"],
            "autoscaling.minReplicas (9) is more than autoscaling.maxReplicas (5)",
        ),
    ] {
        assert_refused(chart, sets, sentence);
    }
}

#[test]
fn a_release_whose_name_cannot_be_that_of_a_service() {
    for (name, sentence) in
        [(&*"r".repeat(50), "the release name is too long"), ("a.b", "the release name `a.b` has a dot")]
    {
        let mut helm = Chart { name: "workflow-client" }.helm(&["template", name]);
        let output = helm.args(["--set", "temporal.server=t,insecure=true"]).output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains(sentence), "{name}");
    }
}
