{{/* A probe. The argument is a list: the context, the path and the probe's values. The kubelet has no certificate, so it
     only connects if callers must present one. */}}
{{- define "common.probe" -}}
{{- $root := index . 0 }}
{{- $probe := index . 2 }}
{{- $tls := include "common.tls" $root }}
{{- if and $tls (include "common.callersSecret" $root) (eq $root.Values.tls.clientAuth "required") }}
tcpSocket:
  port: {{ include "common.portName" $root }}
{{- else }}
httpGet:
  path: {{ index . 1 }}
  port: {{ include "common.portName" $root }}
  {{- if $tls }}
  scheme: HTTPS
  {{- end }}
{{- end }}
periodSeconds: {{ $probe.periodSeconds | int }}
timeoutSeconds: {{ $probe.timeoutSeconds | int }}
failureThreshold: {{ $probe.failureThreshold | int }}
{{- end }}

{{/* The mounts of the Secrets that are set: common ones and the chart's own. */}}
{{- define "common.setSecrets" -}}
{{- $secrets := merge (include "common.secrets" . | fromYaml) (include (printf "%s.secrets" .Chart.Name) . | fromYaml) -}}
{{- range $name, $secret := $secrets }}
{{- if $secret }}
{{ $name }}: {{ $secret | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The same of ConfigMaps. */}}
{{- define "common.setConfigMaps" -}}
{{- $maps := merge (include "common.configMaps" . | fromYaml) (include (printf "%s.configMaps" .Chart.Name) . | fromYaml) -}}
{{- range $name, $map := $maps }}
{{- if $map }}
{{ $name }}: {{ $map | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* CPU and memory. Numbers become text: Kubernetes stores text, and whoever applies the same object with a number
     would otherwise be in conflict with whoever applied the text. */}}
{{- define "common.resources" -}}
{{- $resources := dict }}
{{- range $kind, $quantities := .Values.resources }}
{{- $texts := dict }}
{{- range $name, $quantity := $quantities }}
{{- $_ := set $texts $name (include "common.quantity" $quantity) }}
{{- end }}
{{- $_ := set $resources $kind $texts }}
{{- end }}
{{- toYaml $resources }}
{{- end }}

{{- define "common.quantity" -}}
{{- if or (kindIs "string" .) (ne (floor .) (float64 .)) }}{{ . }}{{ else }}{{ int64 . }}{{ end -}}
{{- end }}

{{- define "common.podAnnotations" -}}
checksum/config: {{ include "common.configMap" . | sha256sum }}
{{- if .Values.metrics.annotations }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ .Values.service.port | quote }}
prometheus.io/path: /metrics
{{- if include "common.tls" . }}
prometheus.io/scheme: https
{{- end }}
{{- end }}
{{- end }}

{{/* The nodes that pods run on, and the Secrets for pulling images. */}}
{{- define "common.scheduling" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.topologySpread.enabled }}
topologySpreadConstraints:
  - maxSkew: {{ .Values.topologySpread.maxSkew | int }}
    topologyKey: {{ .Values.topologySpread.topologyKey | quote }}
    whenUnsatisfiable: {{ .Values.topologySpread.whenUnsatisfiable }}
    {{- with .Values.topologySpread.matchLabelKeys }}
    matchLabelKeys:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    labelSelector:
      matchLabels:
        {{- include "common.selector" . | nindent 8 }}
{{- end }}
{{- end }}
