{{- define "homing.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "homing.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "homing.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "homing.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* What every object bears. */ -}}
{{- define "homing.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "homing.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* What all processes have in common, and never changes. */ -}}
{{- define "homing.selector" -}}
app.kubernetes.io/name: {{ include "homing.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "homing.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "homing.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "homing.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "homing.configMap" -}}
{{- .Values.existingConfigMap | default (include "homing.fullname" .) -}}
{{- end -}}

{{- /* The configuration, with where things listen. */ -}}
{{- define "homing.config" -}}
{{- $http := merge (dict "listen" ":8080" "gateway" ":8081") (get .Values.config "http" | default dict) -}}
{{- $console := merge (dict "listen" ":8027") (get .Values.config "console" | default dict) -}}
{{- toYaml (merge (dict "http" $http "console" $console) .Values.config) -}}
{{- end -}}

{{- /* Everything that a container of Homing has in common, whatever it runs. */ -}}
{{- define "homing.container" -}}
image: {{ include "homing.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
volumeMounts:
  - {name: config, mountPath: /etc/homing, readOnly: true}
  - {name: secrets, mountPath: /run/secrets/homing, readOnly: true}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "homing.env" -}}
- {name: HOMING_SECRET_FILE, value: /run/secrets/homing/installation}
{{- range $server := list "nats" "redis" "smtp" }}
{{- if (index $.Values.secrets $server).name }}
- {name: HOMING_{{ upper $server }}_URL_FILE, value: /run/secrets/homing/{{ $server }}-url}
{{- end }}
{{- end }}
{{- end -}}

{{- define "homing.volumes" -}}
- name: config
  configMap: {name: {{ include "homing.configMap" . }}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ .Values.secrets.installation.name }}
          items: [{key: {{ .Values.secrets.installation.key }}, path: installation}]
      {{- range $server := list "nats" "redis" "smtp" }}
      {{- with index $.Values.secrets $server }}
      {{- if .name }}
      - secret:
          name: {{ .name }}
          items: [{key: {{ .key }}, path: {{ $server }}-url}]
      {{- end }}
      {{- end }}
      {{- end }}
      {{- range .Values.secrets.files }}
      - secret:
          name: {{ .name }}
          items: [{key: {{ .key }}, path: {{ .path }}}]
      {{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* What a pod of Homing has in common. */ -}}
{{- define "homing.pod" -}}
serviceAccountName: {{ include "homing.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {runAsNonRoot: true, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - {name: {{ . }}}
  {{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

