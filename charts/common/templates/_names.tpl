{{/* The name of all objects, in the form that EMCO's charts use. */}}
{{- define "common.name" -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name -}}
{{- if gt (len $name) 63 -}}
{{- fail (printf "the release name is too long: `%s` has more than the 63 characters that the name of a Service may have" $name) -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{- define "common.serviceName" -}}
{{- .Values.service.name | default (include "common.name" .) -}}
{{- end }}

{{- define "common.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "common.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{/* The two labels that EMCO's charts use. */}}
{{- define "common.selector" -}}
app: {{ .Chart.Name }}
release: {{ .Release.Name }}
{{- end }}

{{- define "common.labels" -}}
{{ include "common.selector" . }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: temporal-emco
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "common.image" -}}
{{- $image := .Values.image -}}
{{- if and (eq .Values.environment "prod") (not $image.digest) (or (not $image.tag) (eq $image.tag "latest")) -}}
{{- fail "image.tag is missing: in prod say which image runs, by image.tag (not latest) or image.digest" -}}
{{- end -}}
{{- $image.repository -}}
{{- if or $image.tag (not $image.digest) }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- if $image.digest }}@{{ $image.digest }}{{ end -}}
{{- end }}

{{/* Not empty if the port serves TLS. */}}
{{- define "common.tls" -}}
{{- if hasKey .Values "tls" -}}{{- .Values.tls.existingSecret -}}{{- end -}}
{{- end }}

{{/* The name of the port. Istio reads the protocol from it. */}}
{{- define "common.portName" -}}
{{- if include "common.tls" . -}}https{{- else -}}http{{- end -}}
{{- end }}

{{/* The path of a file of a Secret. The argument is a list: the name of the mount, and the key. */}}
{{- define "common.secretFile" -}}
/run/secrets/{{ index . 0 }}/{{ index . 1 }}
{{- end }}
