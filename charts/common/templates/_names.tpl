{{/* The name of all objects, in the form that EMCO's charts use. */}}
{{- define "common.name" -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name -}}
{{- if gt (len $name) 63 -}}
{{- fail (printf "the release name is too long: `%s` has more than the 63 characters that the name of a Service may have" $name) -}}
{{- end -}}
{{- if contains "." $name -}}
{{- fail (printf "the release name `%s` has a dot, which the name of a Service may not have: choose another" .Release.Name) -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{- define "common.serviceName" -}}
{{- $name := .Values.service.name | default (include "common.name" .) -}}
{{- if and (regexMatch "^[0-9]" $name) (semverCompare "<1.35-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "the Service's name `%s` begins with a digit, which Kubernetes allows from 1.35 on: choose another release name, or set service.name" $name) -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{- define "common.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "common.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{/* The two labels that EMCO's charts use. A release can have a name that YAML reads as a number or a boolean. */}}
{{- define "common.selector" -}}
app: {{ .Chart.Name }}
release: {{ .Release.Name | quote }}
{{- end }}

{{- define "common.labels" -}}
{{ include "common.selector" . }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ include "common.version" . | quote }}
app.kubernetes.io/part-of: temporal-emco
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}

{{/* The program's version. Neither labels nor tags of images may contain `+`. */}}
{{- define "common.version" -}}
{{- .Chart.AppVersion | replace "+" "_" -}}
{{- end }}

{{- define "common.image" -}}
{{- $image := .Values.image -}}
{{- if and (eq .Values.environment "prod") (not $image.digest) (or (not $image.tag) (eq $image.tag "latest")) -}}
{{- fail "image.tag is missing: in prod say which image runs, by image.tag (not latest) or image.digest" -}}
{{- end -}}
{{- $image.repository -}}
{{- if or $image.tag (not $image.digest) }}:{{ $image.tag | default (include "common.version" .) }}{{ end -}}
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

{{/* The path of a file of a Secret, in quotes. The argument is a list: the name of the mount, and the key. */}}
{{- define "common.secretFile" -}}
{{- printf "/run/secrets/%s/%s" (index . 0) (index . 1) | quote -}}
{{- end }}
