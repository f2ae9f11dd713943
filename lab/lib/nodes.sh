# shellcheck shell=bash
# Nodes. Each is a User-mode Linux process with its own kernel, disk and two taps. nodes/N/ is the
# machine (its disk) and stays when the node is powered off; the process is its power.

# The number of a node given as 2 or node2.
node_number() {
  local number=${1#node}
  [[ $number =~ ^[1-9][0-9]{0,2}$ && $number -le $MAX_NODES ]] ||
    fail "'$1' is no node: say 1 or node1, and so on, up to $MAX_NODES."
  echo "$number"
}

known_nodes() {
  local dir
  for dir in "$RUN"/nodes/*/; do
    [[ -d $dir ]] && basename "$dir"
  done | sort -n
}

need_known_node() {
  [[ -d $RUN/nodes/$1 ]] || fail "there is no node$1." "There are: $(known_nodes | sed 's/^/node/' | paste -sd' ')." "'lab/lab add' adds one."
}

# The rack that a node is in, from 1.
node_rack() { cat "$RUN/nodes/$1/rack" 2>/dev/null || echo 1; }

# place NODE RACK: puts a node that is off into a rack.
place() {
  mkdir -p "$RUN/nodes/$1"
  echo "$2" >"$RUN/nodes/$1/rack"
}

# place_new COUNT: distributes those of the nodes 1 to COUNT that are new: of 4 nodes and 2 racks, 1
# and 2 are in rack 1.
place_new() {
  local n
  (( $(racks) > 1 )) || return 0
  for (( n = 1; n <= $1; n++ )); do
    [[ -d $RUN/nodes/$n ]] || place "$n" $(( (n - 1) * $(racks) / $1 + 1 ))
  done
}

# Host folder that a node sees as /host: its credentials, and copies of the files it boots from,
# made at power-on.
share_of() { echo "$RUN/nodes/$1/share"; }

prepare_node() {
  local n=$1 dir=$RUN/nodes/$1 share disk file
  share=$(share_of "$n")
  mkdir -p "$share/boot"
  for file in "$LAB_DIR"/node/*; do sed "s/PAUSE_TAG/$PAUSE_TAG/" "$file" >"$share/boot/${file##*/}"; done
  chmod +x "$share/boot/init.sh"
  node_credentials "node$n" "$share"
  # A copy-on-write file is valid only over the image that it was created on.
  if [[ ! -f $dir/disk ]]; then
    rm -f "$dir/cow"
    disk_path >"$dir/disk.new"
    mv "$dir/disk.new" "$dir/disk"
  fi
  make_tap "tap$n" "$(rack_bridge "$(node_rack "$n")")"
  make_tap "cmd$n" $COMMAND_BRIDGE
}

# The library to preload into linux.uml (uml-preload.c says why), rebuilt when its source changes.
uml_library() {
  local library
  library=$TOOLS/uml-preload-$(short_hash <"$LAB_LIB/uml-preload.c").so
  if [[ ! -f $library ]]; then
    mkdir -p "$TOOLS"
    gcc -O2 -shared -fPIC -o "$library.making" "$LAB_LIB/uml-preload.c" || fail "gcc can't build $LAB_LIB/uml-preload.c." "Above: why."
    mv "$library.making" "$library"
  fi
  echo "$library"
}

power_on() {
  local n=$1 dir=$RUN/nodes/$1
  running "node$n" >/dev/null && return 0
  # A boot clears all faults but those in the API server. Their records go, too.
  rm -f "$RUN"/faults/*"@$n"
  # Helper processes that outlived the node would still hold its taps and disk.
  kill_now "node$n"
  prepare_node "$n"
  : >"$RUN/log/node$n.log"
  rm -rf "$(share_of "$n")/boot-id" "$dir/uml"
  # LD_BIND_NOW: lazy symbol binding takes 3 KB of stack, and that may be the small interrupt stack.
  launch "node$n" env HOME="$dir" LD_PRELOAD="$(uml_library)" LD_BIND_NOW=1 "$(tool_path linux.uml)" mem="$NODE_MEMORY" umid="node$n" uml_dir="$dir/uml/" \
    ubd0="$dir/cow,$(cat "$dir/disk")" root=/dev/root rootfstype=hostfs rootflags=/ ro init="$(share_of "$n")/boot/init.sh" \
    con=null con0=null,fd:1 quiet selinux=0 apparmor=0 \
    "vec0:transport=tap,ifname=tap$n,depth=128,gro=0,mac=$(node_mac "$n" 0)" \
    "vec1:transport=tap,ifname=cmd$n,depth=64,gro=0,mac=$(node_mac "$n" 1)" \
    NODE="node$n" NUMBER="$n" ADDRESS="$(node_address "$n")" ADDRESS6="$(node_address6 "$n")" NODE_IPS="$(by_family "$(node_address "$n")" "$(node_address6 "$n")")" \
    GATEWAY="$(rack_gateway "$(node_rack "$n")")" GATEWAY6="$(rack_gateway6 "$(node_rack "$n")")" \
    API_ADDRESS="$API_ADDRESS" API_ADDRESS6="$API_ADDRESS6" API_SERVICE_ADDRESS="$API_SERVICE_ADDRESS" API_SERVICE_ADDRESS6="$API_SERVICE_ADDRESS6" \
    COMMAND_ADDRESS="$COMMAND_NETWORK.$n" \
    SHARE="$(share_of "$n")" KUBELET="$(tool_path kubelet)"
  # shellcheck disable=SC2046  # its id and its start time
  launch "node$n-ticks" "$BASH" "$LAB_LIB/node-ticks.sh" $(<"$RUN/proc/node$n")
}

# Never changes, because peers cache it.
node_mac() { printf '02:6c:61:62:%02x:%02x' "$2" "$1"; }

power_off() { kill_now "node$1"; }

# Runs a command on a node, as `lab/lab node` does.
on_node() {
  local n=$1
  shift
  in_lab python3 -S -E "$LAB_LIB/node_command.py" "$COMMAND_NETWORK.$n" "$@"
}

# Writes the node's cached data to its disk. A power cut would lose it.
sync_disk() { timeout 20 "$BASH" -c '"$@"' bash nsenter --net=/run/netns/$NETNS python3 -S -E "$LAB_LIB/node_command.py" "$COMMAND_NETWORK.$1" sync </dev/null || true; }

# add_node RACK [--no-pod-cidr]: adds the node with the next number and prints its name.
add_node() {
  local n rack=$1
  shift
  n=$(( $(known_nodes | tail -n 1) + 1 ))
  (( n <= MAX_NODES )) || fail "there are $MAX_NODES nodes already; the lab's network has no address for more."
  place "$n" "$rack"
  if [[ ${1:-} == --no-pod-cidr ]]; then
    : >"$RUN/nodes/$n/no-pod-cidr"
    stop_allocating_pod_cidrs
  fi
  start_node "$n"
  echo "node$n"
}

# move_node NODE RACK: carries the machine to another rack, where it has another address.
move_node() {
  sync_disk "$1"
  power_off "$1"
  rm -f "$PKI/node$1".*
  place "$1" "$2"
  start_node "$1"
}

start_node() {
  register_nodes "$1"
  power_on "$1"
  wait_for_nodes "$1"
}

# Removes a node for good: process, Node object, taps, disk and fault records.
remove_node() {
  power_off "$1"
  kubectl delete node "node$1" --ignore-not-found --wait=false >/dev/null
  remove_tap "tap$1"
  remove_tap "cmd$1"
  rm -rf "$RUN/nodes/$1" "$RUN/faults/"*"@$1"
}

# register_nodes [N...]: creates missing Node objects with the podCIDR derived from the number, so
# that node1 always has 10.244.1.0/24. The kubelet uses an existing object. If the kubelet was
# faster, the podCIDR is patched in before the controller manager allocates one. A node with a file
# nodes/N/no-pod-cidr gets none.
register_nodes() {
  local n there
  (( $# > 0 )) || return 0
  there=$(for n in "$@"; do
    printf -- '---\n{apiVersion: v1, kind: Node, metadata: {name: node%s, labels: {kubernetes.io/hostname: node%s}}, spec: %s}\n' \
      "$n" "$n" "$(pod_cidrs_of "$n")"
  done | kubectl create -f - 2>&1 >/dev/null || true)
  grep -v -e AlreadyExists -e '^$' <<<"$there" >&2 || true
  allocates_pod_cidrs || return 0
  for n in "$@"; do
    ! grep -q "\"node$n\" already exists" <<<"$there" || [[ -n $(kubectl get node "node$n" -o 'jsonpath={.spec.podCIDR}') ]] ||
      kubectl patch node "node$n" --type=merge -p "{\"spec\": $(pod_cidrs_of "$n")}" >/dev/null
  done
}

pod_cidrs_of() {
  [[ -e $RUN/nodes/$1/no-pod-cidr ]] && { echo '{}'; return; }
  local cidrs
  cidrs=$(by_family "\"$(node_pod_cidr "$1")\"" "\"$(node_pod_cidr6 "$1")\"")
  echo "{\"podCIDR\": ${cidrs%%,*}, \"podCIDRs\": [$cidrs]}"
}

# Waits until the kubelets of these nodes have registered since their last boot, that is, until each
# Node's boot id is the machine's.
wait_for_nodes() {
  local n tries waiting reported
  (( $# > 0 )) || return 0
  for (( tries = 0; tries < 400; tries++ )); do
    reported=$(ask_api /api/v1/nodes)
    waiting=()
    for n in "$@"; do
      running "node$n" >/dev/null || node_died "$n"
      grep -qsF "$(cat "$(share_of "$n")/boot-id" 2>/dev/null || echo none-yet)" <<<"$reported" || waiting+=("node$n")
    done
    (( ${#waiting[@]} > 0 )) || return 0
    (( tries % 60 != 59 )) || note "still waiting for the kubelet of ${waiting[*]}"
    sleep 0.3
  done
  fail "no word from the kubelet of ${waiting[*]} after 2 minutes." \
    "What the node says: $RUN/log/${waiting[0]}.log; its kubelet: lab/lab node ${waiting[0]} tail /run/kubelet.log"
}

node_died() {
  tail -n 15 "$RUN/log/node$1.log" >&2
  fail "node$1 ended while it was booting." "Above: the end of $RUN/log/node$1.log" \
    "If it ran out of memory: FLANNEL_LAB_NODE_MEMORY (now $NODE_MEMORY), and $(free -m | awk '/^Mem/ {print $7}') MB are free here."
}
