{{/* The definitions that the shared templates use and that differ by chart. */}}

{{- define "bridge.config" -}}
BRIDGE_LISTEN: ":{{ .Values.service.port }}"
{{- if eq .Values.database.type "sqlite" }}
{{- include "bridge.oneReplica" . }}
BRIDGE_DATABASE: "sqlite:///data/bridge.db"
# The root file system is read-only, so SQLite's temporary files go to the volume.
SQLITE_TMPDIR: /data
{{- else }}
BRIDGE_DATABASE_CONNECTIONS: {{ .Values.database.postgres.connections | int | quote }}
{{- with .Values.database.postgres.ca }}
{{- if .existingSecret }}
PGSSLROOTCERT: {{ include "common.secretFile" (list "postgres" .key) }}
{{- end }}
{{- end }}
{{- end }}
{{- include "common.drainConfig" (list . "BRIDGE") }}
{{- include "common.secureConfig" (list . "BRIDGE") }}
BRIDGE_TRUSTED_PROXIES: {{ join "," .Values.trustedProxies | quote }}
BRIDGE_USER_HEADER: {{ .Values.userHeader | quote }}
{{- with .Values.login }}
{{- if .keys.existingSecret }}
{{- if not (or $.Values.bearerTokens.existingSecret $.Values.issuers.existingSecret $.Values.issuers.existingConfigMap) }}
{{- fail "issuers or bearerTokens are missing: with login.keys persons log in at an issuer or with a token" }}
{{- end }}
BRIDGE_PUBLIC_URL: {{ required "login.publicURL is missing: write the address at which browsers find the bridge" .publicURL | quote }}
BRIDGE_SESSION_KEYS: {{ include "common.secretFile" (list "session-keys" .keys.key) }}
{{- end }}
{{- end }}
{{- include "bridge.checkRights" . }}
{{- with .Values.rights }}
{{- if or .bindings (include "common.source" (list "rights" .)) }}
BRIDGE_RIGHTS: {{ include "common.secretFile" (list "rights" .key) }}
{{- end }}
{{- if .policies }}
{{- $files := list }}
{{- range .policies }}{{ $files = append $files (include "common.secretFile" (list "rights" .) | trimAll "\"") }}{{ end }}
BRIDGE_RIGHTS_POLICIES: {{ join "," $files | quote }}
{{- end }}
{{- end }}
BRIDGE_MAX_REQUESTS: {{ .Values.limits.requests | int | quote }}
BRIDGE_MAX_WAITS: {{ .Values.limits.waits | int | quote }}
BRIDGE_MAX_CHANGES: {{ .Values.limits.changes | int | quote }}
BRIDGE_MAX_READS: {{ .Values.limits.reads | int | quote }}
BRIDGE_WAIT: {{ .Values.waits.default | quote }}
BRIDGE_MAX_WAIT: {{ .Values.waits.max | quote }}
BRIDGE_KEY_RETENTION: {{ .Values.keyRetention | quote }}
{{- with .Values.audit }}
{{- if .key.existingSecret }}
BRIDGE_AUDIT_KEY: {{ include "common.secretFile" (list "audit" .key.key) }}
{{- end }}
BRIDGE_AUDIT_RETENTION: {{ .retention | quote }}
BRIDGE_AUDIT_READS: {{ .reads | quote }}
BRIDGE_AUDIT_DENIALS: {{ .denials | int | quote }}
{{- with .webhook }}
BRIDGE_AUDIT_WEBHOOK: {{ . | quote }}
{{- end }}
{{- end }}
{{- with .Values.alarms }}
BRIDGE_ALARM_HOLD: {{ .hold | quote }}
BRIDGE_MAX_ALARMS: {{ .max | int | quote }}
{{- if .notify.existingSecret }}
BRIDGE_NOTIFY: {{ include "common.secretFile" (list "notify" .notify.key) }}
{{- end }}
{{- end }}
BRIDGE_ESCALATION: {{ ternary "on" "off" .Values.escalation | quote }}
{{- with .Values.clients }}
BRIDGE_CLIENT_HOSTS: {{ join "," .hosts | quote }}
{{- if .secured.existingSecret }}
BRIDGE_CLIENTS: {{ include "common.secretFile" (list "clients" .secured.key) }}
{{- end }}
BRIDGE_START_TIMEOUT: {{ .startTimeout | quote }}
BRIDGE_CLIENT_CHECK: {{ .check | quote }}
{{- with .successStatus }}
BRIDGE_SUCCESS_STATUS: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- with .Values.targets }}
{{- if .existingSecret }}
BRIDGE_TARGETS: {{ include "common.secretFile" (list "targets" .key) }}
{{- end }}
{{- with .servers }}
BRIDGE_TEMPORAL_SERVERS: {{ join "," . | quote }}
{{- end }}
{{- with .namespaces }}
BRIDGE_TEMPORAL_NAMESPACES: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- with .Values.temporalUiUrl }}
BRIDGE_TEMPORAL_UI_URL: {{ . | quote }}
{{- end }}
{{- with .Values.emco }}
{{- if .url }}
BRIDGE_EMCO_URL: {{ .url | quote }}
{{- else if or .token.existingSecret .ca.existingSecret }}
{{- fail "emco.url is missing: without it nobody is asked with emco.token or emco.ca" }}
{{- end }}
{{- if .token.existingSecret }}
BRIDGE_EMCO_TOKEN_FILE: {{ include "common.secretFile" (list "emco-token" .token.key) }}
{{- end }}
{{- if .ca.existingSecret }}
BRIDGE_EMCO_CA_FILE: {{ include "common.secretFile" (list "emco-ca" .ca.key) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "bridge.checkRights" -}}
{{- $rights := .Values.rights -}}
{{- $source := include "common.source" (list "rights" $rights) -}}
{{- if and $source $rights.bindings -}}
{{- fail "rights.bindings and rights.existingSecret exclude each other: bindings are in the values, or in a Secret or a ConfigMap" -}}
{{- end -}}
{{- if and $rights.policies (not $source) -}}
{{- fail "rights.existingSecret is missing: rights.policies are keys of that Secret, or of rights.existingConfigMap" -}}
{{- end -}}
{{- if and (include "common.identities" .) (not (or $source $rights.bindings)) -}}
{{- fail "rights.bindings is missing: callers who are authenticated need rights; docs/rights.md describes them, and docs/upgrade.md has those with which nothing changes" -}}
{{- end -}}
{{- end }}

{{/* Bindings in the values. The program reads changes itself, so that pods need no restart. */}}
{{- define "bridge.rights" -}}
{{- if .Values.rights.bindings -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "common.name" . }}-rights
  labels:
    {{- include "common.labels" . | nindent 4 }}
data:
  {{ .Values.rights.key | quote }}: {{ .Values.rights.bindings | quote }}
{{- end }}
{{- end }}

{{/* The schema has these rules too, but Helm can skip it. */}}
{{- define "bridge.oneReplica" -}}
{{- if or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled -}}
{{- fail "SQLite is for one replica: set database.type=postgres for more" -}}
{{- end -}}
{{- end }}

{{- define "bridge.secrets" -}}
emco-token: {{ .Values.emco.token.existingSecret | quote }}
emco-ca: {{ .Values.emco.ca.existingSecret | quote }}
clients: {{ .Values.clients.secured.existingSecret | quote }}
targets: {{ .Values.targets.existingSecret | quote }}
rights: {{ .Values.rights.existingSecret | quote }}
audit: {{ .Values.audit.key.existingSecret | quote }}
notify: {{ .Values.alarms.notify.existingSecret | quote }}
session-keys: {{ .Values.login.keys.existingSecret | quote }}
{{- if eq .Values.database.type "postgres" }}
postgres: {{ .Values.database.postgres.ca.existingSecret | quote }}
{{- end }}
{{- end }}

{{- define "bridge.configMaps" -}}
{{- $own := ternary (printf "%s-rights" (include "common.name" .)) "" (not (empty .Values.rights.bindings)) -}}
rights: {{ $own | default .Values.rights.existingConfigMap | default "" | quote }}
{{- end }}

{{- define "bridge.env" -}}
{{- with .Values.database }}
{{- if and (eq .type "postgres") (not (include "common.ownVariables" $ | fromJsonArray | has "BRIDGE_DATABASE")) }}
- name: BRIDGE_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ required "database.postgres.existingSecret is missing: name the Secret with the URL of PostgreSQL" .postgres.existingSecret | quote }}
      key: {{ .postgres.key | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "bridge.command" -}}
args: [serve]
{{- end }}

{{- define "bridge.strategy" -}}
{{- if eq .Values.database.type "sqlite" -}}
# Only one process at a time can use the database.
strategy:
  type: Recreate
{{- else -}}
strategy:
  type: RollingUpdate
  rollingUpdate:
    maxUnavailable: 0
    maxSurge: 1
{{- end }}
{{- end }}

{{- define "bridge.mounts" -}}
{{- if eq .Values.database.type "sqlite" }}
- name: data
  mountPath: /data
{{- end }}
{{- end }}

{{- define "bridge.volumes" -}}
{{- if eq .Values.database.type "sqlite" }}
- name: data
  persistentVolumeClaim:
    claimName: {{ .Values.database.sqlite.existingClaim | default (include "common.name" .) | quote }}
{{- end }}
{{- end }}

{{- define "bridge.egress" -}}
{{- $tcp := list "TCP" }}
{{- with .Values.networkPolicy }}
{{- $ports := .clients.ports | default (include "common.portsOfPatterns" (list $.Values.clients.hosts 9090) | fromJsonArray) }}
{{- include "common.egressRule" (list .clients.to $ports $tcp) }}
{{- if or $.Values.targets.servers $.Values.targets.existingSecret }}
{{- $ports := .targets.ports | default (include "common.portsOfPatterns" (list $.Values.targets.servers 7233) | fromJsonArray) }}
{{- include "common.egressRule" (list .targets.to $ports $tcp) }}
{{- end }}
{{- if $.Values.emco.url }}
{{- $ports := .emco.ports | default (include "common.portsOfUrls" (list $.Values.emco.url) | trim | fromJsonArray) }}
{{- include "common.egressRule" (list .emco.to $ports $tcp) }}
{{- end }}
{{- with $.Values.audit.webhook }}
{{- $webhook := $.Values.networkPolicy.webhook | default dict }}
{{- $ports := $webhook.ports | default (include "common.portsOfUrls" (list .) | trim | fromJsonArray) }}
{{- include "common.egressRule" (list $webhook.to $ports $tcp) }}
{{- end }}
{{- if eq $.Values.database.type "postgres" }}
{{- include "common.egressRule" (list .postgres.to .postgres.ports $tcp) }}
{{- end }}
{{- end }}
{{- include "common.issuersEgress" . }}
{{- end }}

{{/* All paths of the bridge, and none of EMCO's other services: Istio merges the VirtualServices of a host in no order
     that one could rely on. A call is not repeated on the way: the bridge itself knows which may be. */}}
{{- define "bridge.virtualService" -}}
{{- with .Values.istio.virtualService }}
{{- if .enabled }}
{{- if not .gateways }}{{ fail "istio.virtualService.gateways is missing: list the gateways, as namespace/name" }}{{ end }}
{{- if not .hosts }}{{ fail "istio.virtualService.hosts is missing: list the hosts of the gateways" }}{{ end }}
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata:
  name: {{ include "common.name" $ }}
  labels:
    {{- include "common.labels" $ | nindent 4 }}
spec:
  hosts:
    {{- toYaml .hosts | nindent 4 }}
  gateways:
    {{- toYaml .gateways | nindent 4 }}
  http:
    - name: bridge
      match:
        - uri: { regex: "/v2/projects/[^/]+/composite-apps/[^/]+/[^/]+/deployment-intent-groups/[^/]+/temporal-workflow-intents(/.*)?" }
        - uri: { regex: "/v2/(projects/[^/]+/)?workflow-rules(/.*)?" }
        - uri: { regex: "/v2/(rights|audit(/batches)?|session|deployment-intent-groups)" }
        - uri: { regex: "/v2/(alarms|alarm-subscriptions|alarm-deliveries)(/.*)?" }
        - uri: { regex: "/FaultSupervisionMnS/v1/.*" }
        - uri: { regex: "/(login|logout|session|ui)(/.*)?" }
        - uri: { exact: /openapi.json }
      route:
        - destination:
            host: {{ printf "%s.%s.svc.cluster.local" (include "common.serviceName" $) $.Release.Namespace }}
            port: { number: {{ $.Values.service.port | int }} }
      retries: { attempts: 0 }
{{- end }}
{{- end }}
{{- end }}
