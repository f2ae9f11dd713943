# shellcheck shell=bash
# The verbs: each reads its arguments and hands over. What is not needed is not read, so that short verbs stay quick.

use() {
  local file
  for file in "$@"; do
    # shellcheck disable=SC1090  # one of the files beside this one
    . "$LAB_LIB/$file.sh"
  done
}

verb_help() { cat "$LAB_LIB/help.txt"; }

verb_tools() {
  use lock packages go-build tools
  local set=${1:-all}
  [[ $set == all || $set == control-plane ]] || fail "'$set' is no set of tools: all or control-plane."
  take_lock tools
  install_packages
  build_tools "$set"
}

verb_bin() {
  use tools
  tool_path "${1:-}" || fail "'${1:-}' is no tool of the lab." "There are: ${CONTROL_PLANE_TOOLS[*]} ${OTHER_TOOLS[*]}"
}

# What all verbs of a cluster need.
use_cluster() { use lock packages tools processes network pki control-plane images disk nodes cluster; }

verb_images() {
  use go-build
  use_cluster
  need_root
  take_lock images
  install_packages
  build_tools all
  make_images
}

verb_up() {
  local count=$NODE_COUNT began=${EPOCHREALTIME/[.,]/}
  while (( $# > 0 )); do
    case $1 in
      --nodes) count=${2:-}; shift ;;
      --nodes=*) count=${1#*=} ;;
      *) fail "'$1' is no option of up." "lab/lab up [--nodes N]" ;;
    esac
    shift
  done
  verb_images
  [[ $count =~ ^[0-9]+$ ]] && (( count <= MAX_NODES )) || fail "--nodes takes a number up to $MAX_NODES, not '$count'."
  take_lock cluster
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
