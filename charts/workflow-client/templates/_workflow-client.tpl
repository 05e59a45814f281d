{{/* The definitions that the shared templates use and that differ by chart. */}}

{{- define "workflow-client.config" -}}
CLIENT_LISTEN: ":{{ .Values.service.port }}"
CLIENT_START_BUDGET: {{ .Values.startBudget | quote }}
CLIENT_BODY_LIMIT: {{ .Values.bodyLimit | quote }}
CLIENT_MAX_REQUESTS: {{ .Values.limits.requests | int | quote }}
{{- include "common.drainConfig" (list . "CLIENT") }}
{{- include "common.secureConfig" (list . "CLIENT") }}
{{- with .Values.callers }}
CLIENT_CALLERS: {{ join ", " . | quote }}
{{- end }}
{{- with .Values.trustedBridges }}
CLIENT_TRUSTED_BRIDGES: {{ join ", " . | quote }}
{{- end }}
{{- end }}

{{- define "workflow-client.secrets" -}}
{{- end }}

{{- define "workflow-client.configMaps" -}}
{{- end }}

{{- define "workflow-client.env" -}}
{{- end }}

{{- define "workflow-client.command" -}}
{{- end }}

{{- define "workflow-client.strategy" -}}
strategy:
  type: RollingUpdate
  rollingUpdate:
    maxUnavailable: 0
    maxSurge: 1
{{- end }}

{{- define "workflow-client.mounts" -}}
{{- end }}

{{- define "workflow-client.volumes" -}}
{{- end }}

{{- define "workflow-client.egress" -}}
{{- include "common.issuersEgress" . }}
{{- end }}
