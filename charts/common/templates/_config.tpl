{{/* The environment variables that all programs read, about Temporal and the log. EMCO replaces TEMPORAL_SERVER in
     each cluster. */}}
{{- define "common.config" -}}
{{- $temporal := .Values.temporal -}}
TEMPORAL_SERVER: {{ required "temporal.server is missing: write the host name of the Temporal frontend" $temporal.server | quote }}
TEMPORAL_PORT: {{ $temporal.port | quote }}
TEMPORAL_NAMESPACE: {{ $temporal.namespace | quote }}
{{- if and $temporal.apiKey.existingSecret (not $temporal.tls.enabled) -}}
{{- fail "temporal.tls.enabled is false: an API key (temporal.apiKey) is sent over TLS alone" -}}
{{- end }}
{{- if $temporal.apiKey.existingSecret }}
{{- if include "common.ownVariables" . | fromJsonArray | has "TEMPORAL_API_KEY" -}}
{{- fail "env has TEMPORAL_API_KEY, and temporal.apiKey names a Secret with a key: leave one out" -}}
{{- end }}
TEMPORAL_API_KEY_FILE: {{ include "common.secretFile" (list "temporal-key" $temporal.apiKey.key) }}
{{- end }}
{{- if and $temporal.tls.existingSecret (not $temporal.tls.enabled) -}}
{{- fail "temporal.tls.enabled is false: the certificates of temporal.tls.existingSecret would not be used" -}}
{{- end }}
{{- with $temporal.tls }}
{{- if .enabled }}
TEMPORAL_TLS: "true"
{{- with .serverName }}
TEMPORAL_TLS_SERVER_NAME: {{ . | quote }}
{{- end }}
{{- if .existingSecret }}
{{- if ne (empty .certificateKey) (empty .privateKeyKey) -}}
{{- fail "temporal.tls.certificateKey and temporal.tls.privateKeyKey go together: give both, or neither" -}}
{{- end }}
{{- with .caKey }}
TEMPORAL_TLS_SERVER_CA_CERT_PATH: {{ include "common.secretFile" (list "temporal" .) }}
{{- end }}
{{- with .certificateKey }}
TEMPORAL_TLS_CLIENT_CERT_PATH: {{ include "common.secretFile" (list "temporal" .) }}
{{- end }}
{{- with .privateKeyKey }}
TEMPORAL_TLS_CLIENT_KEY_PATH: {{ include "common.secretFile" (list "temporal" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
LOG_LEVEL: {{ .Values.log.level | quote }}
LOG_FORMAT: {{ .Values.log.format | quote }}
{{- end }}

{{/* TLS and the credentials of callers. The argument is a list: the context, and the prefix of the variables. */}}
{{- define "common.secureConfig" -}}
{{- $prefix := index . 1 -}}
{{- $root := index . 0 -}}
{{- $tls := include "common.tls" $root -}}
{{- $callers := include "common.callersSecret" $root -}}
{{- with $root.Values }}
{{- if and $callers (not $tls) -}}
{{- fail "tls.existingSecret is missing: callers show certificates (tls.clientCA) over TLS alone" -}}
{{- end }}
{{- if and .tls.clientCRL.existingSecret (not $callers) -}}
{{- fail "tls.clientCA.existingSecret is missing: revocation lists (tls.clientCRL) are those of its authorities" -}}
{{- end }}
{{- if $tls }}
{{ $prefix }}_TLS_CERTIFICATE: {{ include "common.secretFile" (list "tls" .tls.certificateKey) }}
{{ $prefix }}_TLS_KEY: {{ include "common.secretFile" (list "tls" .tls.privateKeyKey) }}
{{- if $callers }}
{{ $prefix }}_TLS_CLIENT_CA: {{ include "common.secretFile" (list "client-ca" .tls.clientCA.key) }}
{{ $prefix }}_TLS_CLIENT_AUTH: {{ .tls.clientAuth | quote }}
{{- if .tls.clientCRL.existingSecret }}
{{ $prefix }}_TLS_CLIENT_CRL: {{ include "common.secretFile" (list "client-crl" .tls.clientCRL.key) }}
{{- end }}
{{- end }}
{{- end }}
{{- if .bearerTokens.existingSecret }}
{{ $prefix }}_BEARER_TOKENS: {{ include "common.secretFile" (list "tokens" .bearerTokens.key) }}
{{- end }}
{{- if include "common.source" (list "issuers" .issuers) }}
{{ $prefix }}_ISSUERS: {{ include "common.secretFile" (list "issuers" .issuers.key) }}
{{- end }}
{{- with .anonymousNetworks }}
{{ $prefix }}_ANONYMOUS_NETWORKS: {{ join "," . | quote }}
{{- end }}
{{ $prefix }}_INSECURE: {{ .insecure | quote }}
{{- if not (or .insecure (include "common.identities" $root)) -}}
{{- fail "identities are missing: name the callers by bearerTokens, issuers or tls.clientCA, or accept everybody with insecure=true" -}}
{{- end }}
{{- end }}
{{- end }}

{{/* How a pod ends. The argument is a list: the context, and the prefix of the variables. */}}
{{- define "common.drainConfig" -}}
{{- $prefix := index . 1 -}}
{{- $values := (index . 0).Values -}}
{{- $drain := int $values.drainSeconds -}}
{{- $linger := int $values.lingerSeconds -}}
{{- if gt $linger $drain -}}
{{- fail (printf "lingerSeconds (%d) is a part of drainSeconds (%d): write no more than that" $linger $drain) -}}
{{- end }}
{{ $prefix }}_DRAIN: "{{ $drain }}s"
{{ $prefix }}_LINGER: "{{ $linger }}s"
{{- end }}

{{/* The Secrets that all programs mount as files, by the names of the mounts. */}}
{{- define "common.secrets" -}}
temporal: {{ .Values.temporal.tls.existingSecret | quote }}
temporal-key: {{ .Values.temporal.apiKey.existingSecret | quote }}
{{- with .Values.tls }}
tls: {{ include "common.tls" $ | quote }}
client-ca: {{ include "common.callersSecret" $ | quote }}
client-crl: {{ .clientCRL.existingSecret | quote }}
{{- end }}
{{- with .Values.bearerTokens }}
tokens: {{ .existingSecret | quote }}
{{- end }}
{{- with .Values.issuers }}
issuers: {{ .existingSecret | quote }}
{{- end }}
{{- end }}

{{/* The ConfigMaps that programs mount as files, by the names of the mounts. */}}
{{- define "common.configMaps" -}}
{{- with .Values.issuers }}
issuers: {{ .existingConfigMap | default "" | quote }}
{{- end }}
{{- end }}

{{/* The Secret or ConfigMap of a value that names either. The argument is a list: the name of the value, and the value. */}}
{{- define "common.source" -}}
{{- $name := index . 0 -}}
{{- with index . 1 -}}
{{- if and .existingSecret .existingConfigMap -}}
{{- fail (printf "%s.existingSecret and %s.existingConfigMap exclude each other: the file is in one of them" $name $name) -}}
{{- end -}}
{{- .existingSecret | default .existingConfigMap | default "" -}}
{{- end -}}
{{- end }}

{{/* Not empty if callers are authenticated. */}}
{{- define "common.identities" -}}
{{- .Values.bearerTokens.existingSecret -}}
{{- include "common.source" (list "issuers" .Values.issuers) -}}
{{- include "common.callersSecret" . -}}
{{- join "," .Values.trustedProxies -}}
{{- end }}

{{- define "common.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "common.name" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
data:
  {{- include "common.config" . | nindent 2 }}
  {{- include (printf "%s.config" .Chart.Name) . | nindent 2 }}
{{- end }}
