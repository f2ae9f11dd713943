# shellcheck shell=bash
# The tools that the lab builds: those that a cluster runs, and those that only tests use.

tool_path() {
  case $1 in
    kube-apiserver | kube-controller-manager | kube-scheduler | kubelet | kube-proxy | kubectl) echo "$KUBERNETES_TOOLS/$1" ;;
    linux.uml) echo "$TOOLS/linux-$LINUX_VERSION-$(short_hash <"$KERNEL_CONFIG")/linux.uml" ;;
    etcd) echo "$TOOLS/etcd-$ETCD_VERSION/etcd" ;;
    helm) echo "$TOOLS/helm-$HELM_VERSION/helm" ;;
    glua) echo "$TOOLS/gopher-lua-$GOPHER_LUA_VERSION/glua" ;;
    kwok) echo "$TOOLS/kwok-$KWOK_VERSION/kwok" ;;
    kwok-stages) echo "$TOOLS/kwok-$KWOK_VERSION/stages" ;;
    kubeconform) echo "$TOOLS/kubeconform-$KUBECONFORM_VERSION/kubeconform" ;;
    helm-unittest) echo "$TOOLS/helm-unittest-$HELM_UNITTEST_VERSION/helm-unittest" ;;
    promtool) echo "$TOOLS/prometheus-$PROMETHEUS_VERSION/promtool" ;;
    kustomize-controller | flux-crds) echo "$TOOLS/flux-$KUSTOMIZE_CONTROLLER_VERSION/$1" ;;
    schemas) echo "$TOOLS/schemas-kubernetes-$KUBERNETES_VERSION-prometheus-operator-$PROMETHEUS_OPERATOR_VERSION" ;;
    flanneld | install-conf | bridge | host-local | loopback | portmap | bandwidth) echo "$TOOLS/flannel-$FLANNEL_VERSION/$1" ;;
    cni-flannel) echo "$TOOLS/cni-flannel-$CNI_FLANNEL_VERSION/flannel" ;;
    *) return 1 ;;
  esac
}
CLUSTER_TOOLS=(linux.uml kube-apiserver etcd kube-controller-manager kube-scheduler kubectl kubelet kube-proxy helm flanneld install-conf cni-flannel bridge host-local loopback portmap bandwidth)
TEST_TOOLS=(kwok kwok-stages glua kubeconform helm-unittest promtool schemas kustomize-controller flux-crds)

missing_tools() {
  local tool
  for tool in "$@"; do [[ -e $(tool_path "$tool") ]] || echo "$tool"; done
}

build_tool() {
  case $1 in
    kube*)
      if [[ $1 == kubeconform ]]; then build_kubeconform; else build_kubernetes "$1"; fi ;;
    linux.uml) build_kernel "$(tool_path linux.uml)" ;;
    etcd)
      go_module etcd "go.etcd.io/etcd/server/v3@$ETCD_VERSION"
      go_command go.etcd.io/etcd/server/v3 "$(tool_path etcd)" ;;
    helm)
      go_module helm "helm.sh/helm/v3@$HELM_VERSION"
      go_command helm.sh/helm/v3/cmd/helm "$(tool_path helm)" "-X helm.sh/helm/v3/internal/version.version=$HELM_VERSION" ;;
    glua)
      go_module gopher-lua "github.com/yuin/gopher-lua@$GOPHER_LUA_VERSION"
      go_command github.com/yuin/gopher-lua/cmd/glua "$(tool_path glua)" ;;
    kwok)
      go_module kwok "sigs.k8s.io/kwok@$KWOK_VERSION"
      go_command sigs.k8s.io/kwok/cmd/kwok "$(tool_path kwok)" ;;
    kwok-stages) copy_kwok_stages ;;
    schemas) make_schemas ;;
    kustomize-controller) build_kustomize_controller ;;
    flux-crds) copy_flux_crds ;;
    helm-unittest)
      # Repeats a replace directive of its go.mod, since Go ignores those of dependencies.
      go_module helm-unittest "github.com/helm-unittest/helm-unittest@$HELM_UNITTEST_VERSION" \
        "replace github.com/vmware-labs/yaml-jsonpath v0.3.2 => github.com/helm-unittest/yaml-jsonpath v0.4.0"
      go_command github.com/helm-unittest/helm-unittest/cmd/helm-unittest "$(tool_path helm-unittest)" ;;
    promtool)
      go_module promtool "github.com/prometheus/prometheus@$PROMETHEUS_VERSION"
      # Without service discovery in clouds: rules don't need it, and it is most of the build.
      GOFLAGS="${GOFLAGS:-} -tags=remove_all_sd" \
        go_command github.com/prometheus/prometheus/cmd/promtool "$(tool_path promtool)" ;;
    cni-flannel)
      go_module cni-flannel "github.com/containernetworking/plugins@$CNI_FLANNEL_VERSION"
      go_command github.com/containernetworking/plugins/plugins/meta/flannel "$(tool_path cni-flannel)" ;;
    *) build_flannel "$1" ;;
  esac
}

build_kubernetes() {
  local gomod replacements minor=${KUBERNETES_VERSION#*.}
  find_go
  # k8s.io/kubernetes requires its staging modules at v0.0.0. Replace each by the v0.x of its
  # release.
  gomod=$("$GO" mod download -json "k8s.io/kubernetes@v$KUBERNETES_VERSION" | python3 -c 'import json, sys; print(json.load(sys.stdin)["GoMod"])')
  replacements=$(grep -oE '^\s+k8s.io/[a-z0-9.-]+ v0\.0\.0( |$)' "$gomod" |
    awk -v v="v0${KUBERNETES_VERSION#1}" '{print "replace " $1 " => " $1 " " v}' | sort -u)
  go_module kubernetes "k8s.io/kubernetes@v$KUBERNETES_VERSION" "$replacements"
  go_command "k8s.io/kubernetes/cmd/$1" "$(tool_path "$1")" \
    "-X k8s.io/component-base/version.gitVersion=v$KUBERNETES_VERSION -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${minor%%.*}"
}

build_kubeconform() {
  go_module kubeconform "github.com/yannh/kubeconform@$KUBECONFORM_VERSION"
  go_command github.com/yannh/kubeconform/cmd/kubeconform "$(tool_path kubeconform)" "-X main.version=$KUBECONFORM_VERSION"
}

# kwok does nothing without its stages, which define what a fake node and a fake pod do, and when.
copy_kwok_stages() {
  local to copying=$CACHE/build/kwok-stages.copying
  to=$(tool_path kwok-stages)
  find_go
  rm -rf "$copying"
  cp -rL --no-preserve=mode "$(go_module_dir "sigs.k8s.io/kwok@$KWOK_VERSION")/kustomize/stage" "$copying"
  mkdir -p "${to%/*}"
  mv "$copying" "$to"
}

build_kustomize_controller() {
  # Repeats the replace directives of its go.mod, since Go ignores those of dependencies.
  go_module kustomize-controller "github.com/fluxcd/kustomize-controller@$KUSTOMIZE_CONTROLLER_VERSION" \
    "replace github.com/opencontainers/go-digest => github.com/opencontainers/go-digest v1.0.1-0.20220411205349-bde1400a84be" \
    "replace sigs.k8s.io/kustomize/api => sigs.k8s.io/kustomize/api v0.21.1" \
    "replace sigs.k8s.io/kustomize/kyaml => sigs.k8s.io/kustomize/kyaml v0.21.1"
  go_command github.com/fluxcd/kustomize-controller "$(tool_path kustomize-controller)"
}

# CRDs of the kinds that kustomize-controller watches: its own, and those of its sources.
# source-controller itself can't be built here, but its module's archive contains the CRDs.
copy_flux_crds() {
  local to module copying=$CACHE/build/flux-crds.copying
  to=$(tool_path flux-crds)
  find_go
  rm -rf "$copying"
  mkdir -p "$copying" "${to%/*}"
  for module in "kustomize-controller@$KUSTOMIZE_CONTROLLER_VERSION" "source-controller@$SOURCE_CONTROLLER_VERSION"; do
    cp -L --no-preserve=mode "$(go_module_dir "github.com/fluxcd/$module")"/config/crd/bases/*.yaml "$copying"
  done
  mv "$copying" "$to"
}

# Schemas that kubeconform checks manifests against: of Kubernetes' own kinds and of the Prometheus
# operator's.
make_schemas() {
  local to crds kind making=$CACHE/build/schemas.making
  to=$(tool_path schemas)
  find_go
  rm -rf "$making"
  mkdir -p "$making/crds"
  crds=$(go_module_dir "github.com/prometheus-operator/prometheus-operator@$PROMETHEUS_OPERATOR_VERSION")/example/prometheus-operator-crd
  for kind in servicemonitors prometheusrules; do
    crd_as_json "$crds/monitoring.coreos.com_$kind.yaml" "$making/crds"
  done
  "$LAB_LIB/json_schemas.py" \
    --kubernetes "$(go_module_dir "k8s.io/kubernetes@v$KUBERNETES_VERSION")/api/openapi-spec/swagger.json" \
    "$making/schemas" "$making"/crds/*
  mv "$making/schemas" "$to"
  rm -r "$making"
}

# crd_as_json FILE FOLDER: converts a CRD to JSON, since Python has no built-in YAML parser.
# `kubectl label --local` converts without a cluster, but needs a label to set.
crd_as_json() {
  local name=${1##*/}
  "$(tool_path kubectl)" label --local --overwrite -f "$1" as=json -o json >"$2/${name%.yaml}.json"
}

build_flannel() {
  local plugins=github.com/containernetworking/plugins/plugins tencent=github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud
  # The SDK version in flannel's go.mod is no longer published; this version of the same modules is.
  # Only the extension for one cloud uses it.
  go_module flannel "github.com/flannel-io/flannel@$FLANNEL_VERSION" \
    "replace $tencent/vpc => $tencent/vpc v1.0.1000" "replace $tencent/common => $tencent/common v1.0.1000"
  case $1 in
    flanneld)
      CGO=1 go_command github.com/flannel-io/flannel "$(tool_path flanneld)" \
        "-linkmode external -extldflags -static -X github.com/flannel-io/flannel/pkg/version.Version=$FLANNEL_VERSION" ;;
    install-conf) go_command github.com/flannel-io/flannel/cmd/install_conf "$(tool_path install-conf)" ;;
    bridge | loopback) go_command "$plugins/main/$1" "$(tool_path "$1")" ;;
    host-local) go_command "$plugins/ipam/host-local" "$(tool_path host-local)" ;;
    portmap | bandwidth) go_command "$plugins/meta/$1" "$(tool_path "$1")" ;;
  esac
}

# build_tools cluster|tests
build_tools() {
  local wanted=("${CLUSTER_TOOLS[@]}") missing tool
  [[ $1 != tests ]] || wanted+=("${TEST_TOOLS[@]}")
  mapfile -t missing < <(missing_tools "${wanted[@]}")
  (( ${#missing[@]} == 0 )) && return 0
  say "Building ${#missing[@]} tools, from Go modules and the source of Linux, into $TOOLS (once; about 20 to 35 minutes on 2 cores if none is there)"
  for tool in "${missing[@]}"; do ( build_tool "$tool" ); done
}
