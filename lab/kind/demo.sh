#!/usr/bin/env bash
# The demo on kind, for those who have Docker: a cluster without a network, the operator from its image
# and chart, a FlannelNetwork with backend ipip, two pods on two nodes that ping each other.
#
#   lab/kind/demo.sh         everything; a second run takes up what is there
#   lab/kind/demo.sh down    removes the cluster
#
# CLUSTER     its name (flannel-operator)
# BACKEND     ipip; or vxlan, host-gw, where the kernel has no ipip
# CNI_BRIDGE  a statically linked CNI plugin "bridge"; built in a container otherwise
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

CLUSTER=${CLUSTER:-flannel-operator}
BACKEND=${BACKEND:-ipip}
IMAGE=ghcr.io/flannel-operator/flannel-operator:kind
GO_IMAGE=docker.io/library/golang:1.25
CNI_PLUGINS=v1.8.0
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/flannel-operator-kind
KUBECONFIG=$CACHE/$CLUSTER.kubeconfig
export KUBECONFIG

began=$SECONDS
step() { printf '\n[%3ds] %s\n' $((SECONDS - began)) "$*"; }
# What is wrong, where, and what to do about it; more lines are shown as they are.
die() {
  printf '\ndemo-kind: %s\n' "$1" >&2
  shift
  (($#)) && printf '  %s\n' "$@" >&2
  exit 1
}

needs() {
  command -v "$1" >/dev/null || die "$1 is not on the PATH." "$2"
}
needs docker "Install a Docker engine: https://docs.docker.com/engine/install/ (no Docker? make demo)"
needs kind "Install kind 0.27 or newer: https://kind.sigs.k8s.io/docs/user/quick-start/#installation"
needs kubectl "Install kubectl: https://kubernetes.io/docs/tasks/tools/"
needs helm "Install Helm 3.16 or newer: https://helm.sh/docs/intro/install/"

exists() { kind get clusters 2>/dev/null | grep -qxF "$CLUSTER"; }

if [[ ${1:-} == down ]]; then
  if exists; then kind delete cluster --name "$CLUSTER"; else echo "no kind cluster \"$CLUSTER\": nothing to do"; fi
  rm -f "$KUBECONFIG"
  exit 0
fi
(($# == 0)) || die "unknown argument \"$1\"." "usage: lab/kind/demo.sh [down]"

docker info >/dev/null 2>&1 || die "the Docker engine does not answer (docker info failed)." \
  "Is it running, and may this user use it? docker info says more."
[[ -f target/quarkus-app/quarkus-run.jar ]] || die "target/quarkus-app/quarkus-run.jar is missing: the application is not built." \
  "Run: mvn package -DskipTests (with a JDK 25), then this again."
case $BACKEND in
  ipip | vxlan | host-gw) ;;
  *) die "BACKEND=$BACKEND: this demo knows ipip, vxlan and host-gw." ;;
esac
mkdir -p "$CACHE"

step "image $IMAGE"
docker build --quiet --tag "$IMAGE" . || die "docker build failed; its output is above." \
  "\"the operator did not get ready\": the training run of the AOT cache; the operator's own log is there, too."

if exists; then
  step "cluster \"$CLUSTER\" is there"
  kind export kubeconfig --name "$CLUSTER" --kubeconfig "$KUBECONFIG" >/dev/null 2>&1 || die "kind knows the cluster \"$CLUSTER\" but not its kubeconfig." \
    "It may have been stopped in the middle: lab/kind/demo.sh down, then this again."
else
  step "cluster \"$CLUSTER\": one control plane, two workers, no network"
  kind create cluster --name "$CLUSTER" --config lab/kind/cluster.yaml --kubeconfig "$KUBECONFIG" || die "kind could not make the cluster; its output is above." \
    "Often: too many inotify watches (sysctl fs.inotify.max_user_instances=512), or too little memory for Docker." \
    "Left-overs: lab/kind/demo.sh down"
fi
mapfile -t nodes < <(kind get nodes --name "$CLUSTER")
((${#nodes[@]} >= 3)) || die "the cluster has ${#nodes[@]} nodes, not 3." "lab/kind/demo.sh down, then this again."

step "the kernel (all nodes run on that of the Docker host)"
kernel=$(docker exec "${nodes[0]}" uname -r)
if [[ $BACKEND != host-gw ]]; then
  case $BACKEND in
    ipip) probe=(type ipip local 127.0.0.2 remote 127.0.0.3) ;;
    vxlan) probe=(type vxlan id 4094 dstport 0 local 127.0.0.2) ;;
  esac
  docker exec "${nodes[0]}" ip link delete probe0 >/dev/null 2>&1 || true
  if ! error=$(docker exec "${nodes[0]}" ip link add probe0 "${probe[@]}" 2>&1); then
    die "the Docker host's kernel ($kernel) makes no $BACKEND device: $error" \
      "On Linux: sudo modprobe $BACKEND (Debian, Ubuntu: maybe sudo apt install linux-modules-extra-$kernel)" \
      "Docker Desktop, WSL, Colima: their kernel may be built without it; then BACKEND=vxlan or BACKEND=host-gw $0"
  fi
  docker exec "${nodes[0]}" ip link delete probe0
fi
if ! docker exec "${nodes[0]}" test -e /proc/sys/net/bridge/bridge-nf-call-iptables; then
  docker exec "${nodes[0]}" modprobe br_netfilter >/dev/null 2>&1 || die "br_netfilter is not loaded in the Docker host's kernel ($kernel), and flanneld exits without it." \
    "On the Docker host: sudo modprobe br_netfilter"
fi
echo "$kernel: $BACKEND and br_netfilter are there"

# flannel's CNI plugin hands the pod's device over to "bridge". Kubernetes' own packages bring that;
# kind's node image does not, and flannel's image has only its own (kubernetes-sigs/kind#3015,
# flannel-io/flannel#1847).
step "CNI plugin bridge onto the nodes"
missing=()
for node in "${nodes[@]}"; do
  docker exec "$node" test -x /opt/cni/bin/bridge || missing+=("$node")
  for plugin in host-local loopback portmap; do
    docker exec "$node" test -x "/opt/cni/bin/$plugin" || die "node $node has no /opt/cni/bin/$plugin; kind's node images usually do." \
      "Which image is it? docker inspect -f '{{.Config.Image}}' $node"
  done
done
if ((${#missing[@]})); then
  arch=$(docker exec "${missing[0]}" uname -m)
  bridge=${CNI_BRIDGE:-$CACHE/bridge-$CNI_PLUGINS-$arch}
  if [[ ! -x $bridge ]]; then
    [[ -z ${CNI_BRIDGE:-} ]] || die "CNI_BRIDGE=$CNI_BRIDGE is not an executable file."
    echo "building it from containernetworking/plugins $CNI_PLUGINS in $GO_IMAGE (once)"
    # To standard output, so that no file of another user's is left on this machine.
    docker run --rm -e CGO_ENABLED=0 "$GO_IMAGE" sh -c \
      "go install github.com/containernetworking/plugins/plugins/main/bridge@$CNI_PLUGINS >&2 && cat /go/bin/bridge" \
      >"$bridge.part" || die "the bridge plugin could not be built; the reason is above." \
      "Have one from elsewhere? CNI_BRIDGE=/path/to/bridge $0" \
      "(Debian: containernetworking-plugins; or https://github.com/containernetworking/plugins/releases)"
    chmod +x "$bridge.part"
    mv "$bridge.part" "$bridge"
  fi
  for node in "${missing[@]}"; do
    docker cp --quiet "$bridge" "$node:/opt/cni/bin/bridge"
  done
  docker exec -e CNI_COMMAND=VERSION "${missing[0]}" sh -c 'echo "{\"cniVersion\":\"1.0.0\"}" | /opt/cni/bin/bridge' >/dev/null || die "$bridge does not run on node ${missing[0]} ($arch)." \
    "It must be statically linked, and for $arch."
fi
echo "on ${#nodes[@]} nodes"

step "the operator's image onto the nodes"
kind load docker-image "$IMAGE" --name "$CLUSTER" || die "kind could not load $IMAGE." \
  "By hand: docker save $IMAGE | kind load image-archive /dev/stdin --name $CLUSTER"

step "Helm chart"
show_operator() {
  kubectl -n flannel-operator get pods -o wide >&2 || true
  kubectl -n flannel-operator get events --sort-by=.lastTimestamp 2>/dev/null | tail -n 8 >&2 || true
  kubectl -n flannel-operator logs deployment/flannel-operator --tail=30 >&2 || true
}
helm upgrade --install flannel-operator ./helm --namespace flannel-operator --create-namespace \
  --set image.tag=kind --set image.pullPolicy=Never --wait --timeout 5m >/dev/null || {
  show_operator
  die "the operator did not become ready in 5 minutes; its pods, events and log are above."
}
# The tag is always the same, so a new build needs a push to be taken.
kubectl -n flannel-operator rollout restart deployment/flannel-operator >/dev/null
kubectl -n flannel-operator rollout status deployment/flannel-operator --timeout=5m || {
  show_operator
  die "the operator did not come back; its pods, events and log are above."
}

step "FlannelNetwork, backend $BACKEND"
sed "s/type: ipip/type: $BACKEND/" lab/kind/network.yaml | kubectl apply -f -
kubectl wait --for=condition=Ready fnet/default --timeout=5m || {
  kubectl describe fnet default >&2 || true
  kubectl -n kube-flannel get pods -o wide >&2 || true
  kubectl -n kube-flannel logs daemonset/kube-flannel-ds --tail=20 >&2 || true
  die "the network did not become ready in 5 minutes; what the operator says of it is above." \
    "Image pull errors: the nodes pull ghcr.io/flannel-io/flannel from the internet."
}
kubectl wait --for=condition=Ready nodes --all --timeout=2m || die "not all nodes are ready, though the network is." \
  "kubectl --kubeconfig $KUBECONFIG describe nodes"

step "two pods on two nodes"
kubectl apply -f lab/kind/pods.yaml
kubectl rollout status daemonset/ping --timeout=3m || {
  kubectl describe pods -l app=ping | tail -n 30 >&2
  die "the pods did not start; the reason is in the events above."
}
read -r from from_node < <(kubectl get pods -l app=ping -o jsonpath='{.items[0].metadata.name} {.items[0].spec.nodeName}{"\n"}')
read -r to to_node < <(kubectl get pods -l app=ping -o jsonpath='{.items[1].status.podIP} {.items[1].spec.nodeName}{"\n"}')
echo "$from on $from_node -> $to on $to_node"
kubectl exec "$from" -- ping -c 3 -W 2 "$to" || {
  docker exec "$from_node" ip route >&2
  die "no ping from $from_node to $to_node; the routes of $from_node are above." \
    "Does a firewall of the Docker host drop what goes between containers? ($BACKEND: $(
      case $BACKEND in ipip) echo 'IP protocol 4' ;; vxlan) echo 'UDP port 8472' ;; *) echo 'pod addresses' ;; esac
    ))"
}

step "done"
kubectl get fnet
case $BACKEND in
  ipip) docker exec "$from_node" ip -d link show flannel.ipip ;;
  vxlan) docker exec "$from_node" ip -d link show flannel.1 ;;
  host-gw) docker exec "$from_node" ip route ;;
esac
cat <<MORE

The cluster stays up:
  export KUBECONFIG=$KUBECONFIG
  kubectl describe fnet default
Take it down with: lab/kind/demo.sh down
MORE
