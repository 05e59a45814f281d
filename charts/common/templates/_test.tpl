{{- define "common.testName" -}}
{{ .Chart.Name }}-test
{{- end }}

{{/* `helm test`: the program requests readiness from its own Service. Over TLS it only connects, since it has no
     certificate. */}}
{{- define "common.test" -}}
{{- $url := printf "http://%s:%v/readyz" (include "common.serviceName" .) .Values.service.port }}
{{- if include "common.tls" . }}
{{- $url = printf "tcp://%s:%v" (include "common.serviceName" .) .Values.service.port }}
{{- end }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "common.name" . }}-test
  labels:
    app: {{ include "common.testName" . }}
    release: {{ .Release.Name | quote }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: test
      image: {{ include "common.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: ["probe", {{ $url | quote }}]
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      resources:
        {{- include "common.resources" . | nindent 8 }}
{{- end }}
