{{/* The security context that Pod Security's profile "restricted" requires. */}}
{{- define "common.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "common.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* A probe. The argument is a list: the context, the path and the probe's values. The kubelet has no certificate, so it
     only connects if callers must present one. */}}
{{- define "common.probe" -}}
{{- $root := index . 0 }}
{{- $probe := index . 2 }}
{{- $tls := $root.Values.tls | default dict }}
{{- if and $tls.existingSecret $tls.clientCA.existingSecret (eq $tls.clientAuth "required") }}
tcpSocket:
  port: {{ include "common.portName" $root }}
{{- else }}
httpGet:
  path: {{ index . 1 }}
  port: {{ include "common.portName" $root }}
  {{- if $tls.existingSecret }}
  scheme: HTTPS
  {{- end }}
{{- end }}
periodSeconds: {{ $probe.periodSeconds }}
timeoutSeconds: {{ $probe.timeoutSeconds }}
failureThreshold: {{ $probe.failureThreshold }}
{{- end }}

{{/* The mounts of the Secrets that are set: common ones and the chart's own. */}}
{{- define "common.setSecrets" -}}
{{- $secrets := merge (include "common.secrets" . | fromYaml) (include (printf "%s.secrets" .Chart.Name) . | fromYaml) -}}
{{- range $name, $secret := $secrets }}
{{- if $secret }}
{{ $name }}: {{ $secret }}
{{- end }}
{{- end }}
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
priorityClassName: {{ . }}
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
  - maxSkew: {{ .Values.topologySpread.maxSkew }}
    topologyKey: {{ .Values.topologySpread.topologyKey }}
    whenUnsatisfiable: {{ .Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "common.selector" . | nindent 8 }}
{{- end }}
{{- end }}
