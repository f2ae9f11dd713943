{{- define "flannel-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "flannel-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "flannel-operator.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "flannel-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "flannel-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false: say in serviceAccount.name which one to use" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "flannel-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "flannel-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "flannel-operator.labels" -}}
{{ include "flannel-operator.selectorLabels" . }}
app.kubernetes.io/component: operator
{{ include "flannel-operator.commonLabels" . }}
{{- end -}}

{{- define "flannel-operator.viewerLabels" -}}
app.kubernetes.io/name: {{ include "flannel-operator.name" . }}-viewer
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: viewer
{{ include "flannel-operator.commonLabels" . }}
{{- end -}}

{{- define "flannel-operator.commonLabels" -}}
app.kubernetes.io/part-of: flannel-operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{- define "flannel-operator.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- with .Values.image.digest -}}@{{ . }}{{- end -}}
{{- end -}}

{{- /* Whether the cluster has the CRD and this release owns it. Argument: (list $ NAME). */}}
{{- define "flannel-operator.ownsCrd" -}}
{{- $root := index . 0 -}}
{{- $crd := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" (index . 1) -}}
{{- $annotations := dig "metadata" "annotations" dict $crd -}}
{{- $labels := dig "metadata" "labels" dict $crd -}}
{{- and (eq (get $labels "app.kubernetes.io/managed-by") "Helm")
        (eq (get $annotations "meta.helm.sh/release-name") $root.Release.Name)
        (eq (get $annotations "meta.helm.sh/release-namespace") $root.Release.Namespace) -}}
{{- end -}}

{{- /* "true" if metrics are served over TLS. With helm --reuse-values, the key can be missing. */}}
{{- define "flannel-operator.servesMetrics" -}}
{{- if ne (default "127.0.0.1" .Values.http.host) "127.0.0.1" -}}
{{- fail "http.host is gone: what listens in plain HTTP stays on its node's loopback. For metrics over the network, set metrics.enabled=true: they come by TLS, for those who may read them (docs/metrics.md). Then take http.host out of your values, or with --reuse-values set http.host=127.0.0.1" -}}
{{- end -}}
{{- with .Values.metrics -}}{{- if .enabled -}}true{{- end -}}{{- end -}}
{{- end -}}

{{- /* "true" if kubectl flannel is served through the API server. The key can be missing, too. */}}
{{- define "flannel-operator.servesText" -}}
{{- with .Values.viewer -}}{{- if .enabled -}}
{{- if and (include "flannel-operator.servesMetrics" $) (eq (int .port) (int $.Values.metrics.port)) -}}
{{- fail (printf "viewer.port and metrics.port are both %d: each needs a port of its own" (int .port)) -}}
{{- end -}}
true
{{- end -}}{{- end -}}
{{- end -}}

{{- /* The name of the viewer's Service, ServiceAccount and roles. */}}
{{- define "flannel-operator.viewerName" -}}
{{- printf "%s-viewer" (include "flannel-operator.fullname" . | trunc 56 | trimSuffix "-") -}}
{{- end -}}
