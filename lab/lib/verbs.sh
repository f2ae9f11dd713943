# shellcheck shell=bash
# The verbs. Each parses its arguments and calls the library. It sources only the files that it
# needs, so that short verbs stay quick.

use() {
  local file
  for file in "$@"; do
    # shellcheck disable=SC1090  # one of the files beside this one
    . "$LAB_LIB/$file.sh"
  done
}

verb_help() { cat "$LAB_LIB/help.txt"; }

verb_tools() {
  use lock packages go-build kernel tools
  local set=${1:-cluster}
  [[ $set == cluster || $set == tests ]] || fail "'$set' is no set of tools: cluster or tests."
  take_lock tools
  install_packages "$set"
  build_tools "$set"
}

verb_bin() {
  use tools
  tool_path "${1:-}" || fail "'${1:-}' is no tool of the lab." "There are: ${CLUSTER_TOOLS[*]} ${TEST_TOOLS[*]}"
}

# Sources what all verbs of a cluster need.
use_cluster() { use lock packages tools processes network pki control-plane images disk nodes cluster; }

verb_images() {
  use go-build kernel
  use_cluster
  need_root
  take_lock images
  install_packages cluster
  build_tools cluster
  make_images
}

verb_up() {
  local count=$NODE_COUNT racks='' families='' began=${EPOCHREALTIME/[.,]/}
  while (( $# > 0 )); do
    case $1 in
      --nodes) count=${2:-}; shift ;;
      --nodes=*) count=${1#*=} ;;
      --racks) racks=${2:-none}; shift ;;
      --racks=*) racks=${1#*=} ;;
      --ipv4 | --dual-stack | --ipv6) families=${1#--} ;;
      *) fail "'$1' is no option of up." "lab/lab up [--nodes N] [--racks N] [--ipv4 | --dual-stack | --ipv6]" ;;
    esac
    shift || true
  done
  [[ $count =~ ^[0-9]{1,3}$ && $((10#$count)) -le $MAX_NODES ]] || fail "--nodes takes a number up to $MAX_NODES, not '$count'."
  count=$((10#$count))
  if [[ -n $racks ]]; then
    [[ $racks =~ ^[1-9]$ && $racks -le $MAX_RACKS ]] || fail "--racks takes a number from 1 to $MAX_RACKS, not '$racks'."
    (( racks <= count )) || fail "--racks $racks is more than there are nodes ($count): each rack has at least one." "More nodes: --nodes $racks"
  fi
  use_cluster
  need_root
  [[ -z $racks ]] || may_choose racks "$racks"
  [[ -z $families ]] || may_choose families "$families"
  verb_images
  take_lock cluster
  [[ -z $racks ]] || choose racks "$racks"
  [[ -z $families ]] || choose families "$families"
  check_memory "$count"
  start_cluster "$count"
  say "The cluster is up: $(known_nodes | wc -l) nodes, $(elapsed_since "$began"). kubectl: lab/lab kubectl ..."
}

verb_down() {
  use_cluster
  need_root
  take_lock cluster
  stop_cluster
}

verb_status() {
  use_cluster
  use faults
  need_root
  status
}

verb_kubeconfig() { echo "$ADMIN_KUBECONFIG"; }

verb_kubectl() {
  use_cluster
  need_cluster
  export KUBECONFIG=$ADMIN_KUBECONFIG
  exec nsenter --net=/run/netns/$NETNS -- "$(tool_path kubectl)" "$@"
}

verb_helm() {
  use_cluster
  need_cluster
  export KUBECONFIG=$ADMIN_KUBECONFIG
  exec nsenter --net=/run/netns/$NETNS -- "$(tool_path helm)" "$@"
}

verb_exec() {
  use_cluster
  need_cluster
  (( $# > 0 )) || fail "exec what?" "lab/lab exec COMMAND..."
  export KUBECONFIG=$ADMIN_KUBECONFIG
  exec nsenter --net=/run/netns/$NETNS -- "$@"
}

verb_node() {
  use processes nodes
  (( $# > 1 )) || fail "which node, and what to run there?" "lab/lab node N COMMAND..." \
    "One argument is a shell command line ('ip route | wc -l'); several are a command and its arguments, as they are."
  local n
  n=$(node_number "$1")
  shift
  need_known_node "$n"
  (( $# > 1 )) || set -- sh -c "$1"
  exec nsenter --net=/run/netns/$NETNS -- python3 -S -E "$LAB_LIB/node_command.py" "$COMMAND_NETWORK.$n" "$@"
}

# pod N NAME COMMAND...: runs a command in the pod's network namespace, with the node's programs.
verb_pod() {
  (( $# > 2 )) || fail "which node, which pod, and what to run there?" "lab/lab pod N NAME COMMAND..."
  local n=$1 name=$2
  shift 2
  (( $# > 1 )) || set -- sh -c "$1"
  # shellcheck disable=SC2016 # for the shell on the node; a pod's processes have its name in their /etc/hostname
  verb_node "$n" sh -c '
    name=$1; shift
    for dir in /proc/[0-9]*; do
      [ "$(cat "$dir/root/etc/hostname" 2>/dev/null)" = "$name" ] && exec nsenter --net="$dir/ns/net" -- "$@"
    done
    echo "no process of a pod named $name runs on this node" >&2; exit 1' sh "$name" "$@"
}

# need_rack RACK: fails if the cluster has no such rack.
need_rack() {
  [[ $1 =~ ^[1-9]$ && $1 -le $(racks) ]] || fail "'$1' is no rack: say a number from 1 to $(racks)." "More racks, at the first up: lab/lab up --racks N"
}

verb_add() {
  use_cluster
  need_cluster
  local rack=1 options=()
  while (( $# > 0 )); do
    case $1 in
      --no-pod-cidr) options+=("$1") ;;
      --rack) rack=${2:-}; shift ;;
      --rack=*) rack=${1#*=} ;;
      *) fail "'$1' is no option of add." "lab/lab add [--rack N] [--no-pod-cidr]" ;;
    esac
    shift || true
  done
  need_rack "$rack"
  take_lock cluster
  add_node "$rack" "${options[@]}"
}

# with_node FUNCTION NODE: runs FUNCTION with the node's number. Fails if there is no such node.
with_node() {
  local function=$1 n
  use_cluster
  need_cluster
  n=$(node_number "${2:-}")
  need_known_node "$n"
  take_lock cluster
  "$function" "$n"
}

verb_stop() { with_node power_off "$@"; }
verb_start() { with_node start_node "$@"; }
verb_remove() { with_node remove_node "$@"; }

verb_move() {
  local rack=${2:-}
  move_to_rack() {
    need_rack "$rack"
    [[ $rack != "$(node_rack "$1")" ]] || fail "node$1 is in rack $rack already."
    move_node "$1" "$rack"
  }
  with_node move_to_rack "$@"
}

verb_reboot() {
  reboot_node() {
    sync_disk "$1"
    power_off "$1"
    start_node "$1"
  }
  with_node reboot_node "$@"
}

verb_fault() {
  use_cluster
  use faults router-faults
  if (( $# == 0 )); then
    list_faults
    return
  fi
  need_cluster
  local n peer=
  n=$(node_number "${2:-1}")
  need_known_node "$n"
  [[ -z ${3:-} ]] || peer=$(node_number "$3")
  [[ -z $peer ]] || need_known_node "$peer"
  take_lock cluster
  inject "$1" "$n" "$peer"
}

# heal [NAME] [NODE], in any order
verb_heal() {
  use_cluster
  use faults
  need_cluster
  local name='' n='' word
  for word in "$@"; do
    if [[ $word =~ ^(node)?[0-9]+$ ]]; then n=$(node_number "$word"); else name=$word; fi
  done
  take_lock cluster
  heal "$name" "$n"
}

# image [--pull] [--file DOCKERFILE]
verb_image() {
  use lock packages stand-ins operator-image
  local bases=stand-ins dockerfile=$REPO_DIR/Dockerfile context=$REPO_DIR
  while (( $# > 0 )); do
    case $1 in
      --pull) bases=pull ;;
      --file) dockerfile=${2:-}; context=$(dirname "$dockerfile"); shift ;;
      *) fail "'$1' is no option of image." "lab/lab image [--pull] [--file DOCKERFILE]" ;;
    esac
    shift
  done
  need_root
  [[ -f $dockerfile ]] || fail "no Dockerfile at $dockerfile."
  take_lock images
  install_packages cluster
  build_operator_image "$dockerfile" "$context" "$bases"
  say "$OPERATOR_IMAGE: $OPERATOR/image.tar, $(($(stat -c %s "$OPERATOR/image.tar") / 1048576)) MB"
}

verb_load() {
  use_cluster
  use load
  need_cluster
  local archive=${1:-$OPERATOR/image.tar} nodes=() n began=${EPOCHREALTIME/[.,]/}
  (( $# == 0 )) || shift
  [[ -f $archive ]] || fail "no image archive at $archive." "'lab/lab image' makes the operator's; 'docker save' makes others."
  for n in "$@"; do nodes+=("$(node_number "$n")"); done
  for n in $(known_nodes); do
    (( $# > 0 )) || { running "node$n" >/dev/null && nodes+=("$n"); }
  done
  take_lock cluster
  load_image "$archive" "${nodes[@]}"
  note "loaded into ${#nodes[@]} nodes: $(elapsed_since "$began")"
}
