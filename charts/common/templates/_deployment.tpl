{{- define "common.deployment" -}}
{{- $secrets := include "common.setSecrets" . | fromYaml -}}
{{- $chart := .Chart.Name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "common.name" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
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
      serviceAccountName: {{ include "common.serviceAccountName" . }}
      automountServiceAccountToken: false
      # Services' addresses come by name; variables of Services named like ours would be read as settings.
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ add .Values.drainSeconds 10 }}
      securityContext:
        {{- include "common.podSecurity" . | nindent 8 }}
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
            {{- include "common.containerSecurity" . | nindent 12 }}
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
            {{- toYaml .Values.resources | nindent 12 }}
          {{- $mounts := include (printf "%s.mounts" $chart) . }}
          {{- if or $secrets $mounts .Values.volumeMounts }}
          volumeMounts:
            {{- range $name, $_ := $secrets }}
            - name: {{ $name }}
              mountPath: /run/secrets/{{ $name }}
              readOnly: true
            {{- end }}
            {{- with $mounts }}
            {{- . | nindent 12 }}
            {{- end }}
            {{- with .Values.volumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- end }}
      {{- $volumes := include (printf "%s.volumes" $chart) . }}
      {{- if or $secrets $volumes .Values.volumes }}
      volumes:
        {{- range $name, $secret := $secrets }}
        - name: {{ $name }}
          secret:
            secretName: {{ $secret }}
            defaultMode: 0440
        {{- end }}
        {{- with $volumes }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with .Values.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
{{- end }}

{{/* Variables with secrets, then the administrator's own, which take precedence because they come last. */}}
{{- define "common.env" -}}
{{- with .Values.temporal.apiKey }}
{{- if .existingSecret }}
- name: TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .key }}
{{- end }}
{{- end }}
{{- include (printf "%s.env" .Chart.Name) . }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}
