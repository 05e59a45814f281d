{{/* The claim of SQLite's volume. Kubernetes refuses to make it smaller or to change its class, and lets it grow only
     where its class allows that. A refusal would come after other objects have changed, so a change is refused here. */}}
{{- define "bridge.claim" -}}
{{- if and (eq .Values.database.type "sqlite") (not .Values.database.sqlite.existingClaim) }}
{{- $name := include "common.name" . }}
{{- $claim := lookup "v1" "PersistentVolumeClaim" .Release.Namespace $name | default dict }}
{{- $size := .Values.database.sqlite.size }}
{{- $class := .Values.database.sqlite.storageClass }}
{{- if $claim }}
{{- $class = dig "spec" "storageClassName" "" $claim }}
{{- if ne (.Values.database.sqlite.storageClass | default $class) $class }}
{{- fail (printf "database.sqlite.storageClass cannot be changed: the claim `%s` has the class `%s`; docs/deploy.md describes how to move the database" $name $class) }}
{{- end }}
{{- $has := dig "spec" "resources" "requests" "storage" "" $claim }}
{{- if ne (include "bridge.bytes" $size) (include "bridge.bytes" $has) }}
{{- fail (printf "database.sqlite.size cannot be changed here: the claim `%s` requests %s; docs/deploy.md describes how it grows" $name $has) }}
{{- end }}
{{- end }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ $name }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
  annotations:
    # Intents remain when the release is deleted: delete the claim by hand.
    helm.sh/resource-policy: keep
spec:
  accessModes: [ReadWriteOnce]
  {{- with $class }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests:
      storage: {{ $size | quote }}
{{- end }}
{{- end }}

{{/* The number of bytes of a size such as 1Gi or 1024Mi. Kubernetes writes a part of a byte in thousandths. */}}
{{- define "bridge.bytes" -}}
{{- $units := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- round (mulf (regexFind "^[0-9.]+" .) (get $units (regexFind "[A-Za-z]*$" .))) 0 -}}
{{- end }}
