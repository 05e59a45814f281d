{{/* An egress rule. The argument is a list: peers, ports and protocols. Without peers it allows any. */}}
{{- define "common.egressRule" -}}
{{- $peers := index . 0 }}
{{- $ports := index . 1 }}
{{- $protocols := index . 2 }}
- ports:
    {{- range $port := $ports }}
    {{- range $protocols }}
    - { port: {{ $port }}, protocol: {{ . }} }
    {{- end }}
    {{- end }}
  {{- with $peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The egress rule for issuers of tokens. */}}
{{- define "common.issuersEgress" -}}
{{- if include "common.source" (list "issuers" .Values.issuers) }}
{{- with .Values.networkPolicy.issuers }}
{{- include "common.egressRule" (list .to .ports (list "TCP")) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The ports of URLs, as a JSON list. */}}
{{- define "common.portsOfUrls" -}}
{{- $ports := list }}
{{- range . }}
{{- $url := urlParse . }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) }}
{{- $ports = append $ports (int ($port | default (ternary 443 80 (eq $url.scheme "https")))) }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}

{{/* The ports of patterns of hosts, as a JSON list. The argument is a list: patterns, and the port of one that has
     none. */}}
{{- define "common.portsOfPatterns" -}}
{{- $default := index . 1 }}
{{- $ports := list }}
{{- range index . 0 }}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind "(^[^:]*|]):[0-9]+$" .) | default $default | int) }}
{{- end }}
{{- $ports | default (list (int $default)) | uniq | toJson }}
{{- end }}

{{/* The port of Temporal. `temporal.server` may contain it. */}}
{{- define "common.temporalPort" -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" .Values.temporal.server) | default (toString .Values.temporal.port) -}}
{{- end }}

{{- define "common.networkPolicy" -}}
{{- with .Values.networkPolicy }}
{{- if .enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "common.name" $ }}
  labels:
    {{- include "common.labels" $ | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "common.selector" $ | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - { port: {{ $.Values.service.port }}, protocol: TCP }
      {{- with .from }}
      from:
        {{- toYaml . | nindent 8 }}
        # `helm test`
        - podSelector:
            matchLabels:
              app: {{ include "common.testName" $ }}
              release: {{ $.Release.Name | quote }}
      {{- end }}
  egress:
    {{- $ports := .temporal.ports | default (list (include "common.temporalPort" $ | int)) }}
    # The first rule is Temporal's: EMCO replaces its port in each cluster.
    {{- include "common.egressRule" (list .temporal.to $ports (list "TCP")) | trim | nindent 4 }}
    {{- include "common.egressRule" (list .dns.to .dns.ports (list "UDP" "TCP")) | trim | nindent 4 }}
    {{- with include (printf "%s.egress" $.Chart.Name) $ | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- range .egress }}
    {{- /* The default is written out: another applier of a list that Kubernetes has filled in would be in conflict. */}}
    {{- $rule := deepCopy . }}
    {{- range $rule.ports }}
    {{- $_ := set . "protocol" (.protocol | default "TCP") }}
    {{- end }}
    {{- list $rule | toYaml | nindent 4 }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
