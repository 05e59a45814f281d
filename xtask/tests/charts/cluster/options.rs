//! A value for each option of the charts, other than its default where it has another, with what it needs beside it.

use std::collections::BTreeMap;
use std::fs;

use crate::chart::root;

/// The value of an option in one chart, where it differs from that in the others.
const OF_CHARTS: [(&str, &str, &str); 9] = [
    ("bridge", "replicas", "replicas=0"),
    (
        "bridge",
        "autoscaling.enabled",
        "autoscaling.enabled=true,database.type=postgres,database.postgres.existingSecret=db",
    ),
    ("bridge", "service.name", "service.name=workflowmgr,service.type=NodePort"),
    ("bridge", "service.nodePort", "service.nodePort=30495,service.type=NodePort"),
    ("bridge", "emco.url", "emco.url=https://emco.example"),
    ("worker", "emco.token.existingSecret", "emco.token.existingSecret=s,emco.urls={https://emco.example}"),
    (
        "worker",
        "emco.token.key",
        "emco.token.existingSecret=s,emco.token.key=on,emco.urls={https://emco.example}",
    ),
    ("worker", "emco.ca.existingSecret", "emco.ca.existingSecret=1e3"),
    ("worker", "emco.ca.key", "emco.ca.existingSecret=s,emco.ca.key=007"),
];

const OPTIONS: &[&str] = &[
    "replicas=3",
    "environment=test",
    "image.repository=registry.example:5000/team/program",
    "image.tag=v9",
    "image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "image.pullPolicy=Always",
    "imagePullSecrets[0].name=registry",
    "temporal.server=temporal.example:7234",
    "temporal.port=7235",
    "temporal.namespace=007",
    "temporal.apiKey.existingSecret=1e3,temporal.tls.enabled=true",
    "temporal.apiKey.key=on,temporal.apiKey.existingSecret=s,temporal.tls.enabled=true",
    "temporal.tls.enabled=true",
    "temporal.tls.serverName=temporal.example,temporal.tls.enabled=true",
    "temporal.tls.existingSecret=1e3,temporal.tls.enabled=true",
    "temporal.tls.caKey=,temporal.tls.existingSecret=s,temporal.tls.enabled=true",
    "temporal.tls.certificateKey=on,temporal.tls.existingSecret=s,temporal.tls.enabled=true",
    "temporal.tls.privateKeyKey=007,temporal.tls.existingSecret=s,temporal.tls.enabled=true",
    "database.type=postgres,database.postgres.existingSecret=1e3",
    "database.sqlite.existingClaim=007",
    "database.sqlite.size=2Gi",
    "database.sqlite.storageClass=007",
    "database.postgres.existingSecret=1e3,database.type=postgres",
    "database.postgres.key=on,database.postgres.existingSecret=s,database.type=postgres",
    "database.postgres.connections=1000000,database.postgres.existingSecret=s,database.type=postgres",
    "database.postgres.ca.existingSecret=1e3,database.postgres.existingSecret=s,database.type=postgres",
    "database.postgres.ca.key=on,database.postgres.ca.existingSecret=c,database.postgres.existingSecret=s,database.type=postgres",
    "tls.existingSecret=1e3",
    "tls.certificateKey=on,tls.existingSecret=s",
    "tls.privateKeyKey=007,tls.existingSecret=s",
    "tls.clientCA.existingSecret=1e3,tls.existingSecret=s",
    "tls.clientCA.key=on,tls.clientCA.existingSecret=c,tls.existingSecret=s",
    "tls.clientAuth=optional,tls.clientCA.existingSecret=c,tls.existingSecret=s",
    "tls.clientCRL.existingSecret=1e3,tls.clientCA.existingSecret=c,tls.existingSecret=s",
    "tls.clientCRL.key=on,tls.clientCRL.existingSecret=r,tls.clientCA.existingSecret=c,tls.existingSecret=s",
    "insecure=true",
    "rights.existingSecret=1e3",
    "rights.key=on,rights.existingSecret=s",
    "rights.policies={window.cedar},rights.existingSecret=s",
    "rights.bindings=[[binding]]",
    "bearerTokens.existingSecret=1e3",
    "bearerTokens.key=on,bearerTokens.existingSecret=s",
    "issuers.existingSecret=1e3",
    "issuers.key=on,issuers.existingSecret=s",
    "login.publicURL=https://bridge.example,login.keys.existingSecret=k,issuers.existingSecret=s",
    "login.keys.existingSecret=1e3,login.publicURL=https://bridge.example,issuers.existingSecret=s",
    "login.keys.key=on,login.keys.existingSecret=k,login.publicURL=https://bridge.example,issuers.existingSecret=s",
    "anonymousNetworks={10.43.0.0/16}",
    "trustedProxies={10.42.0.0/16}",
    "userHeader=x-user",
    "emco.token.existingSecret=1e3,emco.url=https://emco.example",
    "emco.token.key=on,emco.token.existingSecret=s,emco.url=https://emco.example",
    "emco.ca.existingSecret=1e3,emco.url=https://emco.example",
    "emco.ca.key=on,emco.ca.existingSecret=s,emco.url=https://emco.example",
    "emco.urls={https://emco.example}",
    "emco.clientCertificate.existingSecret=1e3,emco.urls={https://emco.example}",
    "emco.clientCertificate.certificateKey=on,emco.clientCertificate.existingSecret=s,emco.urls={https://emco.example}",
    "emco.clientCertificate.privateKeyKey=on,emco.clientCertificate.existingSecret=s,emco.urls={https://emco.example}",
    "clients.hosts={*.emco.svc:9443}",
    "clients.secured.existingSecret=1e3",
    "clients.secured.key=on,clients.secured.existingSecret=s",
    "clients.startTimeout=20s",
    "clients.check=0s",
    "clients.successStatus={Go-http-client/*=201}",
    "targets.existingSecret=1e3",
    "targets.key=on,targets.existingSecret=s",
    "targets.servers={*.edge.svc:7234}",
    "targets.namespaces={on}",
    "temporalUiUrl=https://temporal.example/ui",
    "escalation=false",
    "keyRetention=24h",
    "audit.key.existingSecret=1e3",
    "audit.key.key=on,audit.key.existingSecret=s",
    "audit.retention=24h",
    "audit.reads=all",
    "audit.denials=0",
    "audit.webhook=https://anchor.example/seals",
    "waits.default=10s",
    "waits.max=1m",
    "limits.requests=1000000",
    "limits.waits=1000000",
    "limits.changes=0",
    "limits.reads=0",
    "startBudget=5s",
    "bodyLimit=64KiB",
    "taskQueue=007",
    "drainSeconds=86400",
    "lingerSeconds=0",
    "log.level=debug",
    "log.format=human",
    "env[0].name=LOG_LEVEL,env[0].value=on",
    "service.name=invoke",
    "service.type=LoadBalancer",
    "service.port=8080",
    "service.nodePort=30491,service.type=NodePort",
    "service.externalTrafficPolicy=Local,service.type=LoadBalancer",
    "service.loadBalancerClass=example.org/edge,service.type=LoadBalancer",
    "service.annotations.a=007",
    "ingress.enabled=true,ingress.hosts={a.example}",
    "ingress.className=007,ingress.enabled=true,ingress.hosts={a.example}",
    "ingress.hosts={a.example,b.example},ingress.enabled=true",
    "ingress.path=/on,ingress.enabled=true,ingress.hosts={a.example}",
    "ingress.annotations.a=007,ingress.enabled=true,ingress.hosts={a.example}",
    "ingress.tls.existingSecret=1e3,ingress.enabled=true,ingress.hosts={a.example}",
    "serviceAccount.create=false",
    "serviceAccount.name=007",
    "serviceAccount.annotations.a=007",
    "podSecurityContext.runAsNonRoot=null,securityContext.runAsNonRoot=true",
    "podSecurityContext.runAsUser=1000640000",
    "podSecurityContext.runAsGroup=null",
    "podSecurityContext.fsGroup=1000640000",
    "podSecurityContext.fsGroupChangePolicy=Always",
    "podSecurityContext.seccompProfile.type=Localhost,podSecurityContext.seccompProfile.localhostProfile=a.json",
    "securityContext.allowPrivilegeEscalation=false,securityContext.privileged=false",
    "securityContext.readOnlyRootFilesystem=false",
    "securityContext.capabilities.drop={ALL,NET_RAW}",
    "revisionHistoryLimit=1000000",
    "resources.requests.cpu=1",
    "resources.requests.memory=134217728",
    "resources.limits.memory=1073741824",
    "probes.startup.enabled=false",
    "probes.startup.periodSeconds=1000000",
    "probes.startup.timeoutSeconds=3",
    "probes.startup.failureThreshold=1000000",
    "probes.liveness.enabled=false",
    "probes.liveness.periodSeconds=1000000",
    "probes.liveness.timeoutSeconds=6",
    "probes.liveness.failureThreshold=1000000",
    "probes.readiness.enabled=false",
    "probes.readiness.periodSeconds=1000000",
    "probes.readiness.timeoutSeconds=4",
    "probes.readiness.failureThreshold=1000000",
    "autoscaling.enabled=true",
    "autoscaling.minReplicas=1",
    "autoscaling.maxReplicas=1000000",
    "autoscaling.cpu=50",
    "podDisruptionBudget.enabled=false",
    "podDisruptionBudget.maxUnavailable=25%",
    "networkPolicy.enabled=false",
    "networkPolicy.from[0].ipBlock.cidr=192.0.2.0/24",
    "networkPolicy.dns.to[0].ipBlock.cidr=192.0.2.0/24",
    "networkPolicy.dns.ports={5353}",
    "networkPolicy.temporal.to[0].ipBlock.cidr=192.0.2.0/24",
    "networkPolicy.temporal.ports={7234,7235}",
    "networkPolicy.emco.to[0].ipBlock.cidr=192.0.2.0/24",
    "networkPolicy.emco.ports={30415}",
    "networkPolicy.clients.to[0].ipBlock.cidr=192.0.2.0/24",
    "networkPolicy.clients.ports={9443}",
    "networkPolicy.targets.to[0].ipBlock.cidr=192.0.2.0/24,targets.servers={*.edge.svc}",
    "networkPolicy.targets.ports={7234},targets.servers={*.edge.svc}",
    "networkPolicy.postgres.to[0].ipBlock.cidr=192.0.2.0/24,database.type=postgres,database.postgres.existingSecret=s",
    "networkPolicy.postgres.ports={5433},database.type=postgres,database.postgres.existingSecret=s",
    "networkPolicy.issuers.to[0].ipBlock.cidr=192.0.2.0/24,issuers.existingSecret=s",
    "networkPolicy.issuers.ports={8443},issuers.existingSecret=s",
    "networkPolicy.egress[0].ports[0].port=3128,networkPolicy.egress[0].to[0].ipBlock.cidr=192.0.2.0/24",
    "metrics.annotations=false",
    "metrics.serviceMonitor.enabled=true",
    "metrics.serviceMonitor.interval=15s,metrics.serviceMonitor.enabled=true",
    "metrics.serviceMonitor.labels.release=007,metrics.serviceMonitor.enabled=true",
    "metrics.serviceMonitor.tlsConfig.insecureSkipVerify=true,metrics.serviceMonitor.enabled=true",
    "topologySpread.enabled=false",
    "topologySpread.topologyKey=on",
    "topologySpread.maxSkew=1000000",
    "topologySpread.whenUnsatisfiable=DoNotSchedule",
    "topologySpread.matchLabelKeys={a}",
    "podLabels.a=007",
    "podAnnotations.a=007",
    "nodeSelector.a=007",
    "tolerations[0].operator=Exists",
    "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key=on,\
     affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator=Exists",
    "priorityClassName=1e3",
    "volumes[0].name=cache,volumes[0].emptyDir.sizeLimit=1048576",
    "volumeMounts[0].name=cache,volumeMounts[0].mountPath=/cache,volumes[0].name=cache,volumes[0].emptyDir.medium=Memory",
];

/// Returns the options of a chart in `docs/values.md`, each with what sets it.
pub(crate) fn of(chart: &str) -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/values.md")).unwrap();
    let (_, section) = page.split_once(&format!("\n## {chart}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut options = BTreeMap::new();
    for row in section.lines() {
        // Groups have no default.
        let Some((path, _)) = row.strip_prefix("| `").and_then(|row| row.split_once("` | `")) else {
            continue;
        };
        let own =
            OF_CHARTS.iter().find(|(of, option, _)| *of == chart && *option == path).map(|(.., set)| *set);
        let set = own.or_else(|| OPTIONS.iter().copied().find(|set| sets(set, path)));
        let set = set.unwrap_or_else(|| panic!("{path} of {chart} has no value here"));
        let needs = if chart == "bridge" && authenticates(set) { ",rights.existingSecret=r" } else { "" };
        options.insert(path.to_owned(), format!("{set}{needs}"));
    }
    options
}

/// Reports whether these values make the bridge authenticate its callers, who then need rights.
fn authenticates(set: &str) -> bool {
    let identities = [
        "bearerTokens.existingSecret=",
        "issuers.existingSecret=",
        "tls.clientCA.existingSecret=",
        "trustedProxies=",
    ];
    identities.iter().any(|identity| set.contains(identity))
}

/// Reports whether the first of these values is an option, or a part of it.
fn sets(set: &str, path: &str) -> bool {
    let first = set.split(['=', '[']).next().unwrap();
    first == path || first.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
}
