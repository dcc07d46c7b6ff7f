{{- define "ltt.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "ltt.matchLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ltt.labels" -}}
{{ include "ltt.matchLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "ltt.secretVariable" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef: {name: {{ .from.name | quote }}, key: {{ .from.key | quote }}}
{{- end }}

{{- define "ltt.secretFile" -}}
- name: {{ .volume }}
  secret:
    secretName: {{ .from.name | quote }}
    defaultMode: 288 # 0440: ours by the pod's fsGroup
    items: [{key: {{ .from.key | quote }}, path: token}]
{{- end }}
