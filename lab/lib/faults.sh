# shellcheck shell=bash
# Injects faults and heals them. faults/NAME@N holds the lines that undo a fault, written down before it is done.

FAULTS=$RUN/faults

list_faults() {
  sed -n 's/^# \([a-z0-9-]*\): \(.*\)/\1\t\2/p' "$LAB_LIB/node-faults.sh" "$LAB_LIB/faults.sh" | sort | column -t -s $'\t'
}

# What runs on this machine instead of the node:
# power-off: the node loses its power
# duplicate-public-ip: the node publishes PEER's address as its own (the Node's public-ip annotation)
inject_from_here() {
  case $1 in
    power-off) echo @power-on >"$4"; power_off "$2" ;;
    duplicate-public-ip)
      local key=flannel.alpha.coreos.com/public-ip
      echo "@annotate $key=$(kubectl get node "node$2" -o "jsonpath={.metadata.annotations['${key//./\\.}']}")" >"$4"
      kubectl annotate --overwrite node "node$2" "$key=$(node_address "$3")" >/dev/null ;;
    *) return 1 ;;
  esac
}

# inject NAME NODE [PEER]: PEER is a node number; without one, the first other node, where a peer is needed at all.
inject() {
  local name=$1 n=$2 given=${3:-} peer address='' subnet='' record=$FAULTS/$1@$2
  list_faults | grep -q "^$name " || fail "there is no fault '$name'." "'lab/lab fault' lists those there are."
  [[ ! -e $record ]] || fail "$name is already injected on node$n." "Heal it first: lab/lab heal $name $n"
  mkdir -p "$FAULTS"
  peer=${given:-$(known_nodes | grep -vx "$n" | head -n 1)}
  if [[ -n $peer ]]; then
    [[ $name == drop-ipip || $name == drop-vxlan ]] && [[ -z $given ]] || address=$(node_address "$peer")
    subnet=$(kubectl get node "node$peer" -o 'jsonpath={.spec.podCIDR}' 2>/dev/null || true)
  fi
  inject_from_here "$name" "$n" "$peer" "$record" && return
  if ! on_node "$n" sh -s -- "$name" "$address" "$subnet" $API_ADDRESS <"$LAB_LIB/node-faults.sh" >"$record"; then
    # Half of it may have been done: what was written down is undone.
    heal_record "$record" 2>/dev/null || true
    rm -f "$record"
    fail "$name could not be injected on node$n: see the line above."
  fi
}

# heal [NAME] [NODE]: what was injected and matches.
heal() {
  local record
  for record in "$FAULTS"/${1:-*}@${2:-*}; do
    [[ -e $record ]] || continue
    heal_record "$record"
    rm -f "$record"
    note "healed: $(basename "$record" | sed 's/@/ on node/')"
  done
}

heal_record() {
  local n=${1##*@} line
  tac "$1" | while read -r line; do
    case $line in
      @power-on) power_on "$n"; wait_for_nodes "$n" ;;
      @restart-flannel) restart_flannel "$n" ;;
      @annotate\ *) kubectl annotate --overwrite node "node$n" "${line#@annotate }" >/dev/null ;;
      # A node that was off since has forgotten the fault by itself.
      *) ! running "node$n" >/dev/null || on_node "$n" sh -c "$line" </dev/null ;;
    esac
  done
}

# The pod of flannel's DaemonSet on the node; what it did not set up at its start, it does not repair.
restart_flannel() {
  kubectl get pods -A --field-selector "spec.nodeName=node$1" -l app=flannel \
    -o 'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\n"}{end}' |
    while read -r namespace pod; do kubectl -n "$namespace" delete pod "$pod" --wait=false >/dev/null; done
}

injected_faults() {
  local record
  for record in "$FAULTS"/*@*; do [[ -e $record ]] && basename "$record" | sed 's/@/ on node/'; done
  return 0
}
