{{/* The definitions that the shared templates use and that differ by chart. */}}

{{- define "worker.config" -}}
WORKER_OPERATIONS_LISTEN: ":{{ .Values.service.port }}"
WORKER_DRAIN: "{{ .Values.drainSeconds | int }}s"
{{- with .Values.taskQueue }}
WORKER_TASK_QUEUE: {{ . | quote }}
{{- end }}
{{- $certificate := include "worker.certificate" . }}
{{- with .Values.emco }}
{{- if .urls }}
EMCO_URLS: {{ join "," .urls | quote }}
{{- else if or .token.existingSecret .clientCertificate.existingSecret }}
{{- fail "emco.urls is missing: list the EMCOs that emco.token or emco.clientCertificate may be shown to" }}
{{- end }}
{{- if .token.existingSecret }}
EMCO_TOKEN_FILE: {{ include "common.secretFile" (list "emco-token" .token.key) }}
{{- end }}
{{- if .ca.existingSecret }}
EMCO_CA_FILE: {{ include "common.secretFile" (list "emco-ca" .ca.key) }}
{{- end }}
{{- if $certificate }}
EMCO_CERT_FILE: {{ include "common.secretFile" (list "emco-certificate" .clientCertificate.certificateKey) }}
EMCO_KEY_FILE: {{ include "common.secretFile" (list "emco-certificate" .clientCertificate.privateKeyKey) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The Secret with the certificate that is shown to EMCO. One by cert-manager may be for Temporal alone. */}}
{{- define "worker.certificate" -}}
{{- $own := ternary (include "common.certificateSecret" .) "" (not (empty .Values.emco.urls)) -}}
{{- .Values.emco.clientCertificate.existingSecret | default $own -}}
{{- end }}

{{- define "worker.secrets" -}}
emco-token: {{ .Values.emco.token.existingSecret | quote }}
emco-ca: {{ .Values.emco.ca.existingSecret | quote }}
emco-certificate: {{ include "worker.certificate" . | quote }}
{{- end }}

{{- define "worker.configMaps" -}}
{{- end }}

{{- define "worker.env" -}}
{{- end }}

{{- define "worker.command" -}}
{{- end }}

{{- define "worker.strategy" -}}
strategy:
  type: RollingUpdate
  rollingUpdate:
    maxUnavailable: 0
    maxSurge: 1
{{- end }}

{{- define "worker.mounts" -}}
{{- end }}

{{- define "worker.volumes" -}}
{{- end }}

{{- define "worker.egress" -}}
{{- with .Values.networkPolicy.emco }}
{{- $ports := list 80 443 9015 9061 9077 }}
{{- if .ports }}
{{- $ports = .ports }}
{{- else if $.Values.emco.urls }}
{{- $ports = include "common.portsOfUrls" $.Values.emco.urls | trim | fromJsonArray }}
{{- end }}
{{- include "common.egressRule" (list .to $ports (list "TCP")) }}
{{- end }}
{{- end }}
