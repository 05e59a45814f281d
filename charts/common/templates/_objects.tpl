{{- define "common.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "common.serviceName" . | quote }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
  {{- with .Values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- $type := .Values.service.type | default "ClusterIP" }}
  type: {{ $type }}
  {{- with .Values.service.externalTrafficPolicy }}
  {{- if eq $type "ClusterIP" }}
  {{- fail "service.externalTrafficPolicy needs a service.type that is reached from outside: NodePort or LoadBalancer" }}
  {{- end }}
  externalTrafficPolicy: {{ . }}
  {{- end }}
  {{- with include "common.loadBalancerClass" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  selector:
    {{- include "common.selector" . | nindent 4 }}
  ports:
    - name: {{ include "common.portName" . }}
      port: {{ .Values.service.port | int }}
      targetPort: {{ include "common.portName" . }}
      protocol: TCP
      {{- with .Values.service.nodePort }}
      {{- if eq $type "ClusterIP" }}
      {{- fail "service.nodePort needs a service.type that has ports on the nodes: NodePort or LoadBalancer" }}
      {{- end }}
      nodePort: {{ . | int }}
      {{- end }}
{{- end }}

{{/* The class of a load balancer. Kubernetes refuses to change it. */}}
{{- define "common.loadBalancerClass" -}}
{{- if eq (.Values.service.type | default "ClusterIP") "LoadBalancer" }}
{{- $class := .Values.service.loadBalancerClass }}
{{- $name := include "common.serviceName" . }}
{{- $service := lookup "v1" "Service" .Release.Namespace $name | default dict }}
{{- if and (eq (dig "spec" "type" "" $service) "LoadBalancer") (ne (dig "spec" "loadBalancerClass" "" $service) $class) }}
{{- fail (printf "service.loadBalancerClass cannot be changed: delete the Service `%s` first, or make its service.type ClusterIP in between" $name) }}
{{- end }}
{{- with $class }}
loadBalancerClass: {{ . | quote }}
{{- end }}
{{- else if .Values.service.loadBalancerClass }}
{{- fail "service.loadBalancerClass needs service.type=LoadBalancer" }}
{{- end }}
{{- end }}

{{- define "common.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "common.serviceAccountName" . | quote }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
{{- end }}

{{- define "common.autoscaler" -}}
{{- with .Values.autoscaling }}
{{- if .enabled }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail (printf "autoscaling.minReplicas (%d) is more than autoscaling.maxReplicas (%d)" (int .minReplicas) (int .maxReplicas)) }}
{{- end }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "common.name" $ }}
  labels:
    {{- include "common.labels" $ | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "common.name" $ }}
  minReplicas: {{ .minReplicas | int }}
  maxReplicas: {{ .maxReplicas | int }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .cpu | int }}
{{- end }}
{{- end }}
{{- end }}

{{- define "common.disruptionBudget" -}}
{{- if .Values.podDisruptionBudget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "common.name" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable | toJson }}
  # A pod that is not ready does not delay the drain of a node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "common.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{- define "common.serviceMonitor" -}}
{{- with .Values.metrics.serviceMonitor }}
{{- if .enabled }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "common.name" $ }}
  labels:
    {{- merge (dict) .labels (include "common.labels" $ | fromYaml) | toYaml | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "common.selector" $ | nindent 6 }}
  endpoints:
    - port: {{ include "common.portName" $ }}
      path: /metrics
      interval: {{ .interval | quote }}
      {{- if include "common.tls" $ }}
      scheme: https
      {{- end }}
      {{- with .tlsConfig }}
      tlsConfig:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "common.ingress" -}}
{{- with .Values.ingress }}
{{- if .enabled }}
{{- if not .hosts }}
{{- fail "ingress.hosts is missing: list the host names for the Ingress" }}
{{- end }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "common.name" $ }}
  labels:
    {{- include "common.labels" $ | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .className }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  rules:
    {{- range .hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: {{ $.Values.ingress.path | quote }}
            pathType: Prefix
            backend:
              service:
                name: {{ include "common.serviceName" $ | quote }}
                port:
                  name: {{ include "common.portName" $ }}
    {{- end }}
  {{- with .tls.existingSecret }}
  tls:
    - secretName: {{ . | quote }}
      hosts:
        {{- toYaml $.Values.ingress.hosts | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A certificate of cert-manager, for servers and for callers. */}}
{{- define "common.certificate" -}}
{{- with .Values.certificate }}
{{- if .issuer.name }}
{{- $service := include "common.serviceName" $ }}
{{- $names := list $service (printf "%s.%s" $service $.Release.Namespace) (printf "%s.%s.svc" $service $.Release.Namespace) }}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {{ include "common.name" $ }}
  labels:
    {{- include "common.labels" $ | nindent 4 }}
spec:
  secretName: {{ include "common.certificateSecret" $ }}
  issuerRef:
    name: {{ .issuer.name | quote }}
    kind: {{ .issuer.kind | quote }}
    group: {{ .issuer.group | quote }}
  dnsNames:
    {{- concat $names .dnsNames | uniq | toYaml | nindent 4 }}
  {{- with .uris }}
  uris:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  duration: {{ .duration | quote }}
  renewBefore: {{ .renewBefore | quote }}
  privateKey:
    algorithm: ECDSA
    size: 256
    encoding: PKCS8
    rotationPolicy: Always
  usages: [digital signature, server auth, client auth]
{{- end }}
{{- end }}
{{- end }}
