{{/* Volumes and where they are mounted: those of Secrets and ConfigMaps, the chart's own, the administrator's. Kubernetes takes a name,
     or a path, once. */}}
{{- define "common.volumes" -}}
{{- $chart := include "common.chartVolumes" . -}}
{{ $chart }}
{{- $taken := list }}
{{- range $chart | fromYamlArray }}{{ $taken = append $taken .name }}{{ end }}
{{- range .Values.volumes }}
{{- if has .name $taken }}
{{- fail (printf "volumes has a second `%s`, or the chart has one: choose another name" .name) }}
{{- end }}
{{- $taken = append $taken .name }}
{{- $volume := deepCopy . }}
{{- with dig "emptyDir" "sizeLimit" "" $volume }}{{ $_ := set $volume.emptyDir "sizeLimit" (include "common.quantity" .) }}{{ end }}
{{ list $volume | toYaml }}
{{- end }}
{{- end }}

{{- define "common.chartVolumes" -}}
{{- range $name, $secret := include "common.setSecrets" . | fromYaml }}
- name: {{ $name }}
  secret:
    secretName: {{ $secret | quote }}
    defaultMode: 0440
{{- end }}
{{- range $name, $map := include "common.setConfigMaps" . | fromYaml }}
- name: {{ $name }}
  configMap:
    name: {{ $map | quote }}
    defaultMode: 0440
{{- end }}
{{ include (printf "%s.volumes" .Chart.Name) . }}
{{- end }}

{{- define "common.mounts" -}}
{{- $chart := include "common.chartMounts" . -}}
{{ $chart }}
{{- $taken := list }}
{{- range $chart | fromYamlArray }}{{ $taken = append $taken .mountPath }}{{ end }}
{{- range .Values.volumeMounts }}
{{- if has .mountPath $taken }}
{{- fail (printf "volumeMounts has a second `%s`, or the chart has one: choose another mountPath" .mountPath) }}
{{- end }}
{{- $taken = append $taken .mountPath }}
{{ list . | toYaml }}
{{- end }}
{{- end }}

{{- define "common.chartMounts" -}}
{{- range $name, $_ := merge (include "common.setSecrets" . | fromYaml) (include "common.setConfigMaps" . | fromYaml) }}
- name: {{ $name }}
  mountPath: /run/secrets/{{ $name }}
  readOnly: true
{{- end }}
{{ include (printf "%s.mounts" .Chart.Name) . }}
{{- end }}
