# shellcheck shell=bash
# The cluster as a whole. `up` adds whatever an earlier run left missing; `down` ends everything.

cluster_is_up() { netns_exists && running kube-apiserver >/dev/null; }

need_cluster() {
  need_root
  cluster_is_up || fail "no cluster of the lab is running here." "Start one: lab/lab up"
}

# start_cluster COUNT: boots the nodes while the control plane starts, since their kubelets usually
# take longer. The nodes get their podCIDRs before the controller manager starts, because that
# allocates one to each node without.
start_cluster() {
  local count=$1 wanted n missing=()
  place_new "$count"
  make_network
  make_pki
  start_missing etcd kube-apiserver
  mapfile -t wanted < <({ seq "$count"; known_nodes; } | sort -nu)
  for n in "${wanted[@]}"; do
    running "node$n" >/dev/null || missing+=("$n")
  done
  for n in "${missing[@]}"; do power_on "$n"; done
  wait_for_api
  register_nodes "${wanted[@]}"
  start_missing kube-controller-manager kube-scheduler
  wait_for_nodes "${wanted[@]}"
}

# may_choose SETTING VALUE: fails if the cluster that is there was made with another value. SETTING,
# racks or families, is also the function that prints its value.
may_choose() {
  [[ $2 == "$("$1")" || ! -d $RUN/etcd ]] ||
    fail "the cluster that is there has $1: $("$1"), and can't be given $2. It was left as it is." "Take it down first: lab/lab down"
}

choose() {
  may_choose "$1" "$2"
  mkdir -p "$RUN"
  echo "$2" >"$RUN/$1"
}

# Warns if free memory is too small for the nodes still to start. A booted node with flannel takes
# about 600 MB.
check_memory() {
  local n more=0 free
  for (( n = 1; n <= $1; n++ )); do running "node$n" >/dev/null || more=$((more + 1)); done
  free=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
  (( free > more * 600 )) ||
    warn "$free MB of memory are free, and $more more nodes take about $((more * 600)) MB. If one dies: fewer nodes."
}

stop_cluster() {
  if netns_is_ours; then
    end_everything
    ip netns delete $NETNS
  fi
  rm -rf "$RUN"
}

status() {
  local name pid ready nodes=
  if ! cluster_is_up; then
    say "No cluster is running. Start one: lab/lab up"
    [[ -z $(lab_processes) ]] || say "But left-overs of one are: $(lab_processes | wc -l) processes. 'lab/lab up' goes on from there, 'lab/lab down' ends them."
    return 1
  fi
  nodes=$(kubectl get nodes --request-timeout=5s -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.spec.podCIDRs[*]}{"\n"}{end}' 2>/dev/null || true)
  printf '%-25s %8s %8s  %s\n' NAME PID MEMORY STATE
  for name in "${CONTROL_PLANE[@]}"; do
    pid=$(running "$name" || true)
    printf '%-25s %8s %8s  %s\n' "$name" "${pid:--}" "$(memory_of "$name")" "$(state "$pid")"
  done
  for name in $(known_nodes | sed 's/^/node/'); do
    pid=$(running "$name" || true)
    ready=$(awk -v n="$name" '$1 == n {printf "Ready=%s podCIDR=%s", $2, $3; if ($4) printf ",%s", $4}' <<<"$nodes")
    printf '%-25s %8s %8s  %s  %s  %s\n' "$name" "${pid:--}" "$(memory_of "$name")" "$(state "$pid")" "$(node_address "${name#node}")" "$ready"
  done
  [[ -z $(injected_faults) ]] || echo "faults:     $(injected_faults | paste -sd,)"
  echo "kubeconfig: $ADMIN_KUBECONFIG (its address is inside the network namespace '$NETNS': lab/lab kubectl, lab/lab exec)"
  echo "logs:       $RUN/log"
}

state() { if [[ -n $1 ]]; then echo running; else echo stopped; fi; }

# Memory that a process and its helpers use: the sum of their Pss, so that shared pages, above all
# the nodes' own memory, count once.
memory_of() {
  local pids
  mapfile -t pids < <(processes_of "$1")
  (( ${#pids[@]} > 0 )) || { echo -; return; }
  (cd /proc && cat "${pids[@]/%//smaps_rollup}") 2>/dev/null | awk '/^Pss:/ {sum += $2} END {printf "%d MB", sum / 1024}'
}
