{{/* An object. The argument is a list: the context, and the name of the object's template, which may use each value
     that the chart's own values have. `helm upgrade --reuse-values` lacks those that are new in a chart. */}}
{{- define "common.object" -}}
{{- include "common.complete" (index . 0) -}}
{{- include (index . 1) (index . 0) -}}
{{- end }}

{{- define "common.complete" -}}
{{- range include (printf "%s.required" .Chart.Name) . | trim | splitList "\n" -}}
{{- $at := $.Values -}}
{{- $found := true -}}
{{- range splitList "." . -}}
{{- $found = and $found (kindIs "map" $at) (hasKey $at .) -}}
{{- if $found -}}{{- $at = index $at . -}}{{- end -}}
{{- end -}}
{{- if or (not $found) (kindIs "invalid" $at) -}}
{{- fail (printf "%s is missing: give it a value, or leave it out for the chart's own; to upgrade, use --reset-then-reuse-values in the place of --reuse-values" .) -}}
{{- end -}}
{{- end -}}
{{- end }}
