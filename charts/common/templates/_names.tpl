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

{{/* The Secret with which the port serves TLS; empty if it does not. */}}
{{- define "common.tls" -}}
{{- if hasKey .Values "tls" -}}
{{- $own := include "common.certificateSecret" . -}}
{{- if and $own .Values.tls.existingSecret -}}
{{- fail "tls.existingSecret and certificate.issuer.name exclude each other: the certificate exists, or cert-manager makes it" -}}
{{- end -}}
{{- .Values.tls.existingSecret | default $own -}}
{{- end -}}
{{- end }}

{{/* The Secret with the authorities of callers; empty if none are asked for a certificate. */}}
{{- define "common.callersSecret" -}}
{{- $own := include "common.certificateSecret" . -}}
{{- with .Values.tls.clientCA -}}
{{- if and .fromCertificate .existingSecret -}}
{{- fail "tls.clientCA.existingSecret and tls.clientCA.fromCertificate exclude each other: one of them has the authorities" -}}
{{- end -}}
{{- if and .fromCertificate (not $own) -}}
{{- fail "certificate.issuer.name is missing: tls.clientCA.fromCertificate takes the authorities from its Secret" -}}
{{- end -}}
{{- if .fromCertificate -}}{{- $own -}}{{- else -}}{{- .existingSecret -}}{{- end -}}
{{- end -}}
{{- end }}

{{/* The Secret that cert-manager makes; empty if there is none. */}}
{{- define "common.certificateSecret" -}}
{{- if .Values.certificate.issuer.name -}}{{- include "common.name" . -}}-tls{{- end -}}
{{- end }}

{{/* The name of the port. Istio reads the protocol from it. */}}
{{- define "common.portName" -}}
{{- if include "common.tls" . -}}https{{- else -}}http{{- end -}}
{{- end }}

{{/* The path of a file of a Secret, in quotes. The argument is a list: the name of the mount, and the key. */}}
{{- define "common.secretFile" -}}
{{- printf "/run/secrets/%s/%s" (index . 0) (index . 1) | quote -}}
{{- end }}
