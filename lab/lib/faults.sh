# shellcheck shell=bash
# Injects faults and heals them. faults/NAME@N holds the lines that undo a fault, recorded before it
# is injected.

FAULTS=$RUN/faults

list_faults() {
  sed -n 's/^# \([a-z0-9-]*\): \(.*\)/\1\t\2/p' "$LAB_LIB"/{node-faults,faults,router-faults}.sh | sort | column -t -s $'\t'
}

# Faults that are injected from this machine instead of on the node:
# power-off: the node loses its power
# duplicate-public-ip: the node publishes PEER's address as its own (the Node's public-ip annotation)
# wrong-public-ip: the node publishes an address that is none of its own, as flannel on the wrong network card does
# no-pod-cidr: the node registers again and is given no podCIDR (from then on this cluster gives none by itself)
# pod-cidr-outside: the node registers again with a podCIDR outside of the network's range (10.99.N.0/24)
# agent-nonsense: the node's FlannelNode reports what cannot be
inject_from_here() {
  case $1 in
    power-off) echo @power-on >"$4"; power_off "$2" ;;
    duplicate-public-ip) publish "$2" "$(node_address "$3")" "$4" ;;
    wrong-public-ip) publish "$2" "192.168.250.$2" "$4" ;;
    no-pod-cidr)
      stop_allocating_pod_cidrs
      echo @register-again >"$4"
      register_again "$2" '' ;;
    pod-cidr-outside)
      echo @register-again >"$4"
      register_again "$2" "10.99.$2.0/24" ;;
    agent-nonsense)
      echo @restart-agent >"$4"
      kubectl patch flannelnode "node$2" --subresource=status --type=merge -p \
        '{"status": {"device": {"name": "flannel.ipip", "mtu": 1480}, "peers": [{"name": "no-such-node", "overlay": true, "rttP50Micros": 900, "rttP99Micros": 1}]}}' >/dev/null ;;
    *) return 1 ;;
  esac
}

# publish NODE ADDRESS RECORD: sets the Node's public-ip annotation, as a starting flanneld does.
publish() {
  local key=flannel.alpha.coreos.com/public-ip
  echo "@annotate $key=$(kubectl get node "node$1" -o "jsonpath={.metadata.annotations['${key//./\\.}']}")" >"$3"
  kubectl annotate --overwrite node "node$1" "$key=$2" >/dev/null
}

# register_again NODE CIDR: deletes the Node and creates it again with this podCIDR, or none. The
# kubelet uses the new object when it restarts, and flanneld its lease.
register_again() {
  local n=$1 cidr=$2
  kubectl delete node "node$n" --wait=true >/dev/null
  kubectl create -f - >/dev/null <<Y
{apiVersion: v1, kind: Node, metadata: {name: node$n, labels: {kubernetes.io/hostname: node$n}}${cidr:+, spec: {podCIDR: $cidr, podCIDRs: [$cidr]}}}
Y
  on_node "$n" pkill -x kubelet </dev/null
}

# inject NAME NODE [PEER]: PEER is a node number. It defaults to the first other node, except for
# drop-ipip and drop-vxlan, which then apply to all peers.
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
  if [[ $name == router-* ]]; then
    inject_at_router "$name" "$n" "$given" "$record"
    return
  fi
  inject_from_here "$name" "$n" "$peer" "$record" && return
  if ! on_node "$n" sh -s -- "$name" "$address" "$subnet" $API_ADDRESS <"$LAB_LIB/node-faults.sh" >"$record"; then
    # The fault may be half injected: undo what was recorded.
    heal_record "$record" 2>/dev/null || true
    rm -f "$record"
    fail "$name could not be injected on node$n: see the line above."
  fi
}

# heal [NAME] [NODE]: undoes the injected faults that match, newest first.
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

# Runs all lines of a record, last first. The fault is healed if none fails.
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
    @restart-flannel) restart_pod "$1" flannel ;;
    @restart-agent) restart_pod "$1" flannel-node-agent ;;
    @register-again) register_again "$1" "$(node_pod_cidr "$1")" && wait_for_nodes "$1" && restart_pod "$1" flannel ;;
    # A node keeps a path's MTU for ten minutes after a router told it by ICMP.
    @forget-path-mtu) forget_path_mtu ;;
    @router\ *) in_lab sh -c "${2#@router }" </dev/null ;;
    @annotate\ *) kubectl annotate --overwrite node "node$1" "${2#@annotate }" >/dev/null ;;
    # A node that is off has lost the fault with its memory.
    *) ! running "node$1" >/dev/null || on_node "$1" sh -c "$2" </dev/null ;;
  esac
}

forget_path_mtu() {
  local n
  for n in $(known_nodes); do
    ! running "node$n" >/dev/null || on_node "$n" sh -c 'ip route flush cache; ip -6 route flush cache' </dev/null
  done
}

# restart_pod NODE APP: restarts the pod with label app=APP on the node and waits until the new one
# is ready. flannel needs it because it sets up its device, for one, only when it starts.
restart_pod() {
  local on=(-A --field-selector "spec.nodeName=node$1" -l "app=$2") namespace pod old tries
  read -r namespace old < <(kubectl get pods "${on[@]}" -o 'jsonpath={.items[0].metadata.namespace} {.items[0].metadata.name}{"\n"}' 2>/dev/null) || true
  [[ -z $old ]] || kubectl -n "$namespace" delete pod "$old" --timeout=60s >/dev/null || return 1
  for (( tries = 0; tries < 120; tries++ )); do
    pod=$(kubectl get pods "${on[@]}" -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}')
    [[ $pod == *" True" ]] && return 0
    sleep 0.5
  done
  warn "the new pod with the label app=$2 on node$1 is not ready after 60 s: ${pod:-there is none}"
  return 1
}

injected_faults() {
  local record
  for record in "$FAULTS"/*@*; do [[ -e $record ]] && fault_of "$record"; done
  return 0
}
