# shellcheck shell=bash disable=SC2034  # read by the other files
# Paths, names and addresses. Sourced first by every verb.

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REPO_DIR=$(dirname "$LAB_DIR")
# shellcheck source=lab/versions.env
. "$LAB_DIR/versions.env"

# Debian's folders that a root shell may lack in its PATH.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

CACHE=${FLANNEL_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/flannel-operator}
TOOLS=$CACHE/tools
IMAGES=$CACHE/images
OPERATOR=$CACHE/operator
RUN=$CACHE/run

NODE_MEMORY=${FLANNEL_LAB_NODE_MEMORY:-2048M}
NODE_COUNT=${FLANNEL_LAB_NODES:-2}

# The cluster's addresses. Everything is inside the network namespace, so they clash with nothing on the host.
NETNS=lab
API_ADDRESS=192.168.0.80
API_ADDRESS6=fd00:192:168::80
API_URL=https://$API_ADDRESS:6443
SERVICE_CIDR=10.96.0.0/16
API_SERVICE_ADDRESS=10.96.0.1
API_SERVICE_ADDRESS6=fd00:10:96::1
POD_CIDR=10.244.0.0/16
SERVICE_CIDR6=fd00:10:96::/112
POD_CIDR6=fd00:10:244::/56
# Commands reach the nodes over a separate bridge, so that faults on the cluster's network don't cut
# them off.
COMMAND_BRIDGE=cmd0
COMMAND_NETWORK=192.168.254

# A rack is a subnet of its own, on a bridge of its own. The lab's namespace is the router between
# them, and each node's default gateway.
MAX_RACKS=9
rack_bridge()   { echo "br$(($1 - 1))"; }
rack_network()  { echo "192.168.$(($1 - 1)).0/24"; }
rack_network6() { echo "fd00:192:168:$(($1 - 1))::/64"; }
rack_gateway()  { echo "192.168.$(($1 - 1)).80"; }
rack_gateway6() { if (( $1 == 1 )); then echo $API_ADDRESS6; else echo "fd00:192:168:$(($1 - 1))::80"; fi; }
node_address()  { echo "192.168.$(($(node_rack "$1") - 1)).$((80 + $1))"; }
node_address6() { local gateway; gateway=$(rack_gateway6 "$(node_rack "$1")"); echo "${gateway%80}$((80 + $1))"; }
node_pod_cidr() { echo "10.244.$1.0/24"; }
node_pod_cidr6() { printf 'fd00:10:244:%x::/64\n' "$1"; }
MAX_NODES=150

KERNEL_CONFIG=$LAB_DIR/kernel.config
KUBERNETES_TOOLS=$TOOLS/kubernetes-$KUBERNETES_VERSION
ADMIN_KUBECONFIG=$RUN/pki/admin.kubeconfig

OPERATOR_IMAGE=ghcr.io/flannel-operator/flannel-operator:dev

# These paths end up on a kernel's command line, which has no quoting.
case "$LAB_DIR$CACHE" in
  *[[:space:],]*)
    echo "lab: a path has a space or a comma in it: '$LAB_DIR' or '$CACHE'." >&2
    echo "     The nodes' kernel command line can't carry that. Move the repository, or set FLANNEL_LAB_CACHE." >&2
    exit 1 ;;
esac
# Nodes see this machine's files, except in folders where they mount their own.
case $CACHE/ in
  /tmp/* | /run/* | /var/lib/* | /mnt/* | /host/*)
    echo "lab: the cache, $CACHE, is in a folder that nodes have of their own and would not see." >&2
    echo "     Set FLANNEL_LAB_CACHE to another place, such as ~/.cache/flannel-operator." >&2
    exit 1 ;;
esac
