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

# heal [NAME] [NODE]: what was injected and matches, newest first.
heal() {
  local record status=0
  while read -r record; do
    if heal_record "$record"; then
      note "healed: $(fault_of "$record")"
    else
      warn "$(fault_of "$record") could not be undone as a whole: see above. To be rid of it: lab/lab reboot ${record##*@}"
      status=1
    fi
    rm -f "$record"
  done < <(find "$FAULTS" -name "${1:-*}@${2:-*}" -printf '%T@ %p\n' 2>/dev/null | sort -rn | cut -d' ' -f2-)
  return $status
}

fault_of() { basename "$1" | sed 's/@/ on node/'; }

# All lines of a record are tried; it is healed if none failed.
heal_record() {
  local n=${1##*@} line lines status=0
  mapfile -t lines < <(tac "$1")
  for line in "${lines[@]}"; do
    undo "$n" "$line" || { warn "on node$n: $line"; status=1; }
  done
  return $status
}

undo() {
  case $2 in
    @power-on) start_node "$1" ;;
    @restart-flannel) restart_flannel "$1" ;;
    @annotate\ *) kubectl annotate --overwrite node "node$1" "${2#@annotate }" >/dev/null ;;
    # A node that is off has forgotten the fault by itself.
    *) ! running "node$1" >/dev/null || on_node "$1" sh -c "$2" </dev/null ;;
  esac
}

# The pod of flannel's DaemonSet on the node: what it did not set up at its start, it does not repair. Returns when the
# new one is ready.
restart_flannel() {
  local on=(-A --field-selector "spec.nodeName=node$1" -l app=flannel) namespace pod old tries
  read -r namespace old < <(kubectl get pods "${on[@]}" -o 'jsonpath={.items[0].metadata.namespace} {.items[0].metadata.name}{"\n"}')
  [[ -n $old ]] || { warn "no pod with the label app=flannel is on node$1 to start anew"; return 1; }
  kubectl -n "$namespace" delete pod "$old" --timeout=60s >/dev/null || return 1
  for (( tries = 0; tries < 120; tries++ )); do
    pod=$(kubectl get pods "${on[@]}" -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}')
    [[ $pod == *" True" ]] && return 0
    sleep 0.5
  done
  warn "the new flannel pod on node$1 is not ready after 60 s: ${pod:-there is none}"
  return 1
}

injected_faults() {
  local record
  for record in "$FAULTS"/*@*; do [[ -e $record ]] && fault_of "$record"; done
  return 0
}
