{{- define "common.deployment" -}}
{{- $chart := .Chart.Name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "common.name" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  replicas: {{ include "common.replicas" . }}
  revisionHistoryLimit: {{ .Values.revisionHistoryLimit | int }}
  {{- include (printf "%s.strategy" $chart) . | nindent 2 }}
  selector:
    matchLabels:
      {{- include "common.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- merge (include "common.labels" . | fromYaml) .Values.podLabels | toYaml | nindent 8 }}
      annotations:
        {{- merge (dict) .Values.podAnnotations (include "common.podAnnotations" . | fromYaml) | toYaml | nindent 8 }}
    spec:
      serviceAccountName: {{ include "common.serviceAccountName" . | quote }}
      automountServiceAccountToken: false
      # Services' addresses come by name; variables of Services named like ours would be read as settings.
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ add .Values.drainSeconds 10 }}
      securityContext:
        {{- toYaml .Values.podSecurityContext | nindent 8 }}
      {{- with include "common.scheduling" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      containers:
        - name: {{ $chart }}
          image: {{ include "common.image" . | quote }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          {{- with include (printf "%s.command" $chart) . }}
          {{- . | nindent 10 }}
          {{- end }}
          securityContext:
            {{- toYaml .Values.securityContext | nindent 12 }}
          ports:
            - name: {{ include "common.portName" . }}
              containerPort: {{ .Values.service.port }}
              protocol: TCP
          envFrom:
            - configMapRef:
                name: {{ include "common.name" . }}
          {{- with include "common.env" . | trim }}
          env:
            {{- . | nindent 12 }}
          {{- end }}
          {{- range $name, $path := dict "startup" "/healthz" "liveness" "/healthz" "readiness" "/readyz" }}
          {{- $probe := index $.Values.probes $name }}
          {{- if $probe.enabled }}
          {{ $name }}Probe:
            {{- include "common.probe" (list $ $path $probe) | trim | nindent 12 }}
          {{- end }}
          {{- end }}
          resources:
            {{- include "common.resources" . | nindent 12 }}
          {{- with include "common.mounts" . | trim }}
          volumeMounts:
            {{- . | nindent 12 }}
          {{- end }}
      {{- with include "common.volumes" . | trim }}
      volumes:
        {{- . | nindent 8 }}
      {{- end }}
{{- end }}

{{/* How many pods there are. An autoscaler changes the number that runs, so this one is kept; where it is not known, as
     in `helm template` and in EMCO, it is the autoscaler's minimum. Without a number, Kubernetes would write 1. */}}
{{- define "common.replicas" -}}
{{- if .Values.autoscaling.enabled -}}
{{- $running := lookup "apps/v1" "Deployment" .Release.Namespace (include "common.name" .) | default dict -}}
{{- dig "spec" "replicas" 0 $running | default .Values.autoscaling.minReplicas | int -}}
{{- else -}}
{{- .Values.replicas | int -}}
{{- end -}}
{{- end }}

{{/* Variables with secrets, and the administrator's own. These replace the chart's variables of the same name:
     Kubernetes takes a name once. */}}
{{- define "common.env" -}}
{{- $own := include "common.ownVariables" . | fromJsonArray }}
{{- range include (printf "%s.env" .Chart.Name) . | fromYamlArray }}
{{- if not (has .name $own) }}
{{ list . | toYaml }}
{{- end }}
{{- end }}
{{- range .Values.env }}
{{- $variable := deepCopy . }}
{{- with dig "valueFrom" "resourceFieldRef" dict $variable }}
{{- with .divisor }}{{ $_ := set $variable.valueFrom.resourceFieldRef "divisor" (include "common.quantity" .) }}{{ end }}
{{- end }}
{{ list $variable | toYaml }}
{{- end }}
{{- end }}

{{/* The names of the administrator's variables, as a JSON list. */}}
{{- define "common.ownVariables" -}}
{{- $names := list }}
{{- range .Values.env }}
{{- if has .name $names }}
{{- fail (printf "env has %s twice: leave one out" .name) }}
{{- end }}
{{- $names = append $names .name }}
{{- end }}
{{- toJson $names }}
{{- end }}
