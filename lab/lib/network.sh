# shellcheck shell=bash
# The lab's network: one namespace, with a bridge for the taps of each rack's nodes and another for
# commands to the nodes. With more than one rack it routes between them.

# Marks the namespace as ours: /run/netns is shared, so a namespace "lab" may be somebody else's.
NETNS_MARK="flannel lab"

netns_exists() { [[ -e /run/netns/$NETNS ]]; }

netns_is_ours() {
  netns_exists || return 1
  local alias others
  # A power loss, or an `ip netns add` killed half-way, leaves a file without a namespace on it.
  [[ $(stat -f -c %T "/run/netns/$NETNS") == nsfs ]] || { rm -f "/run/netns/$NETNS"; return 1; }
  alias=$(ip -n $NETNS -d link show lo | sed -n 's/^ *alias //p')
  [[ $alias == "$NETNS_MARK" ]] && return 0
  # A run that was killed before it set the mark leaves an empty namespace, which is safe to use.
  others=$(ip -n $NETNS -o link show | grep -vc ' lo: ' || true)
  [[ $others == 0 && -z $(ip netns pids $NETNS) ]] ||
    fail "the network namespace '$NETNS' on this machine is not this lab's (its lo does not carry the mark '$NETNS_MARK')." \
      "It was left alone. If nobody needs it: ip netns delete $NETNS"
  ip -n $NETNS link set lo alias "$NETNS_MARK"
}

make_network() {
  netns_is_ours || { ip netns add $NETNS; ip -n $NETNS link set lo alias "$NETNS_MARK"; }
  ip -n $NETNS link set lo up
  local rack
  for (( rack = 1; rack <= $(racks); rack++ )); do
    make_bridge "$(rack_bridge $rack)" "$(rack_gateway $rack)/24" "$(rack_gateway6 $rack)/64"
  done
  (( $(racks) == 1 )) || in_lab sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  make_bridge $COMMAND_BRIDGE "$COMMAND_NETWORK.254/24"
}

# How many racks the cluster has: chosen at its first `up`.
racks() { cat "$RUN/racks" 2>/dev/null || echo 1; }

# Each command is idempotent, because an earlier run may have died half-way through.
make_bridge() {
  local bridge=$1 address
  shift
  ip -n $NETNS link show "$bridge" >/dev/null 2>&1 || ip -n $NETNS link add "$bridge" type bridge
  for address in "$@"; do ip -n $NETNS addr replace "$address" dev "$bridge"; done
  ip -n $NETNS link set "$bridge" up
}

# make_tap NAME BRIDGE
make_tap() {
  ip -n $NETNS link show "$1" >/dev/null 2>&1 || ip -n $NETNS tuntap add "$1" mode tap
  ip -n $NETNS link set "$1" master "$2" up
}

remove_tap() { ip -n $NETNS link delete "$1" 2>/dev/null || true; }
