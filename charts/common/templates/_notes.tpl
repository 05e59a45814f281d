{{/* The names of all Secrets that pods need. */}}
{{- define "common.secretNames" -}}
{{- $names := values (include "common.setSecrets" . | fromYaml) -}}
{{- range include "common.env" . | fromYamlArray -}}
{{- with .valueFrom -}}{{- with .secretKeyRef -}}{{- $names = append $names .name -}}{{- end -}}{{- end -}}
{{- end -}}
{{- $names | uniq | sortAlpha | join ", " -}}
{{- end }}

{{- define "common.notes" -}}
{{- $here := printf "-n %s" .Release.Namespace -}}
{{- $pods := printf "-l app=%s,release=%s" .Chart.Name .Release.Name -}}
Wait until it runs, then ask it:

  kubectl {{ $here }} rollout status deployment/{{ include "common.name" . }}
  helm {{ $here }} test {{ .Release.Name }}
{{ with include "common.secretNames" . }}
The pods need these Secrets: {{ . }}. Without one they do not begin, and their events name it:

  kubectl {{ $here }} describe pods {{ $pods }}
{{ end }}
A pod that cannot use a setting ends and says which:

  kubectl {{ $here }} logs --previous {{ $pods }}
{{- end }}
