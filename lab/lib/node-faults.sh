# shellcheck shell=sh
# Injects a fault on a node: sh -s -- NAME PEER_ADDRESS PEER_SUBNET API_ADDRESS. `lab/lab fault`
# lists the comments "NAME: ..." below.
#
# A fault first prints the shell lines that undo it, so that even one that is killed half-way can be
# healed. They run in reverse order. The lab itself runs lines that begin with @: see undo in
# faults.sh.
# shellcheck disable=SC2046,SC2086  # from_peer is nothing or two words, a route is many
set -eu
name=$1 peer_address=$2 peer_subnet=$3 api_address=$4

undo() { printf '%s\n' "$*"; }
die() { echo "$*" >&2; exit 1; }

# The flannel device that most routes use, or else the first one.
overlay_device() {
  { ip -o route show | sed -n 's/.* dev \(flannel[^ ]*\).*/\1/p' | sort | uniq -c | sort -rn | awk '{print $2}'
    ip -o link show | sed -n 's/^[0-9]*: \(flannel[^:@]*\).*/\1/p'; } | sed -n 1p | grep . ||
    die "there is no overlay device (flannel.*) on this node"
}

# drop TABLE CHAIN MATCH...: drops matching packets by a rule at the top of the chain.
drop() {
  table=$1 chain=$2; shift 2
  undo "iptables -t $table -D $chain $* -j DROP"
  iptables -t "$table" -I "$chain" "$@" -j DROP
}
from_peer() { [ -z "$peer_address" ] || echo "-s $peer_address"; }
need_peer() { [ -n "$peer_subnet" ] || die "$name needs a peer that has a podCIDR"; }
need_vxlan() { overlay_device | grep -q '^flannel\.[0-9]' || die "$name is a fault of vxlan, and this node's overlay is $(overlay_device)"; }

# Records what the kernel forgets when a device goes down: routes, permanent neighbours and IPv6
# addresses.
keep() {
  device=$1
  ip route show dev "$device" | while read -r line; do undo "ip route replace $line dev $device"; done
  ip -6 route show dev "$device" | grep -v 'proto kernel' | while read -r line; do undo "ip -6 route replace $line dev $device"; done
  ip neigh show dev "$device" nud permanent | while read -r line; do undo "ip neigh replace ${line% *} dev $device nud permanent"; done
  ip -6 -o addr show dev "$device" scope global | awk '{print $4}' | while read -r line; do undo "ip addr replace $line dev $device nodad"; done
  undo "ip link set $device up"
}
# mac_of_peer: the VTEP's MAC address, from the permanent neighbour entry of the peer's subnet base.
mac_of_peer() { ip neigh show "${peer_subnet%/*}" dev "$(overlay_device)" | sed -n 's/.*lladdr \([^ ]*\).*/\1/p' | grep . || die "no neighbour entry for the peer"; }

# again_and_again COMMAND...: runs it every 0.2 s until the fault is undone.
again_and_again() {
  setsid sh -c 'while :; do "$@"; sleep 0.2; done' again "$@" </dev/null >/dev/null 2>&1 &
  undo "kill -9 -$!"
}
agent_pid() { pgrep -f io.flannel.operator.agent.Agent | sed -n 1p | grep . || die "there is no node agent on this node"; }

case $name in
# agent-killed: the node agent is killed, and again whenever it is back
agent-killed) agent_pid >/dev/null; again_and_again pkill -9 -f '[i]o.flannel.operator.agent.Agent' ;;
# agent-silent: the node agent is stopped (SIGSTOP): it is there, and does nothing
agent-silent) pid=$(agent_pid); undo "kill -CONT $pid"; kill -STOP "$pid" ;;
# drop-ipip: IP protocol 4 (from PEER, else from all) is dropped on arrival, as by a firewall
drop-ipip) drop filter INPUT -p 4 $(from_peer) ;;
# drop-vxlan: UDP 8472 (from PEER, else from all) is dropped on arrival, as by a firewall
drop-vxlan) drop filter INPUT -p udp $(from_peer) --dport 8472 ;;
# drop-forward: what is forwarded to and from PEER's pods is dropped, as by a firewall on the node
drop-forward) need_peer; drop filter FORWARD -s "$peer_subnet"; drop filter FORWARD -d "$peer_subnet" ;;
# path-mtu: packets over 1400 bytes from other nodes vanish without a word (a black hole)
path-mtu) drop raw PREROUTING -i eth0 ! -s "$api_address" -m length --length 1401:65535 ;;
# packet-loss: one in five packets that leave the node is lost
packet-loss) undo "tc qdisc del dev eth0 root"; tc qdisc add dev eth0 root netem loss 20% ;;
# latency: all that leaves the node is 100 ms late
latency) undo "tc qdisc del dev eth0 root"; tc qdisc add dev eth0 root netem delay 100ms ;;
# api-cut: the node reaches the API server no more; the overlay is not touched
api-cut) drop filter OUTPUT -d "$api_address" ;;
# nic-down: the node's network card is down
nic-down) keep eth0; ip link set eth0 down ;;
# link-down: the overlay device is down
link-down) device=$(overlay_device); keep "$device"; ip link set "$device" down ;;
# link-delete: the overlay device is gone
link-delete) undo @restart-flannel; ip link delete "$(overlay_device)" ;;
# wrong-mtu: the overlay device's MTU is 1280
wrong-mtu)
  device=$(overlay_device)
  undo "ip link set $device mtu $(cat "/sys/class/net/$device/mtu")"
  ip link set "$device" mtu 1280 ;;
# delete-route: the route to PEER's pods is gone, and goes again whenever flanneld puts it back
delete-route)
  need_peer
  route=$(ip route show "$peer_subnet" | sed -n 1p | grep .) || die "there is no route to $peer_subnet"
  undo "ip route replace $route"
  again_and_again ip route delete $route ;;
# wrong-route: the route to PEER's pods leads to an address that no node has
wrong-route)
  need_peer
  route=$(ip route show "$peer_subnet" | sed -n 1p | grep .) || die "there is no route to $peer_subnet"
  undo "ip route replace $route"
  ip route replace "$peer_subnet" via 192.168.0.250 dev "$(echo "$route" | sed 's/.* dev \([^ ]*\).*/\1/')" onlink ;;
# stale-route: a route to a pod subnet that no node has (10.244.250.0/24)
stale-route)
  # The operator may have removed it already.
  undo "ip route flush exact 10.244.250.0/24"
  ip route add 10.244.250.0/24 via 192.168.0.250 dev "$(overlay_device)" onlink ;;
# fdb-delete: vxlan: the forwarding entry of PEER's VTEP is gone
fdb-delete)
  need_peer; need_vxlan
  device=$(overlay_device) mac=$(mac_of_peer)
  undo "bridge fdb replace $mac dev $device dst $peer_address self permanent"
  bridge fdb delete "$mac" dev "$device" ;;
# fdb-wrong: vxlan: the forwarding entry of PEER's VTEP leads to an address that no node has
fdb-wrong)
  need_peer; need_vxlan
  device=$(overlay_device) mac=$(mac_of_peer)
  undo "bridge fdb replace $mac dev $device dst $peer_address self permanent"
  bridge fdb replace "$mac" dev "$device" dst 192.168.0.250 self permanent ;;
# neigh-wrong-mac: vxlan: the neighbour entry of PEER has a MAC address that is not its VTEP's
neigh-wrong-mac)
  need_peer; need_vxlan
  device=$(overlay_device) mac=$(mac_of_peer)
  undo "ip neigh replace ${peer_subnet%/*} lladdr $mac dev $device nud permanent"
  ip neigh replace "${peer_subnet%/*}" lladdr 02:00:00:00:00:99 dev "$device" nud permanent ;;
# ipip-rival: ipip: another device with PEER's addresses takes its packets
ipip-rival)
  own=$(ip -o -4 addr show dev eth0 | awk '{sub("/.*", "", $4); print $4}')
  undo "ip link delete rival0"
  ip link add rival0 type ipip local "$own" remote "$peer_address"
  ip link set rival0 up ;;
# cni0-wrong-address: the pods' bridge has an address of another subnet (10.244.99.1/24)
cni0-wrong-address)
  address=$(ip -o -4 addr show dev cni0 | awk '{print $4}' | grep .) || die "there is no cni0 with an address on this node: it appears with the first pod"
  undo "ip addr replace $address dev cni0"
  undo "ip addr delete 10.244.99.1/24 dev cni0"
  ip addr add 10.244.99.1/24 dev cni0
  ip addr delete "$address" dev cni0 ;;
# subnet-env-missing: /run/flannel/subnet.env is gone, so that no new pod gets an address
subnet-env-missing)
  undo "mv /run/flannel/subnet.env.away /run/flannel/subnet.env"
  mv /run/flannel/subnet.env /run/flannel/subnet.env.away ;;
# ip-forward-off: net.ipv4.ip_forward is 0
ip-forward-off)
  undo "sysctl -qw net.ipv4.ip_forward=$(cat /proc/sys/net/ipv4/ip_forward)"
  sysctl -qw net.ipv4.ip_forward=0 ;;
# rp-filter-strict: net.ipv4.conf.all.rp_filter is 1
rp-filter-strict)
  undo "sysctl -qw net.ipv4.conf.all.rp_filter=$(cat /proc/sys/net/ipv4/conf/all/rp_filter)"
  sysctl -qw net.ipv4.conf.all.rp_filter=1 ;;
*) die "no such fault" ;;
esac
