# shellcheck shell=bash
# Faults of the router between racks, which is the lab's own namespace. The packet filter is nft, one
# table for each fault: other tables, and packets inside a rack, are not touched.

# Faults:
# router-drop-ipip: the router drops IP protocol 4
# router-drop-udp: the router drops UDP 8472, 51820 and 51821: vxlan and wireguard
# router-drop-pods: the router drops packets with pods' addresses outside of tunnels, as clouds do
# router-mtu: the link between racks has an MTU of 1400, and the router says so by ICMP
# router-path-mtu: packets over 1400 bytes between racks vanish without a word (a black hole)
inject_at_router() {
  local name=$1 n=$2 peer=$3 record=$4 from to="" matches=()
  from=$(node_rack "$n")
  (( $(racks) > 1 )) || fail "$name needs a router, and this cluster has one rack." "With two: lab/lab down, then lab/lab up --nodes 4 --racks 2"
  if [[ -n $peer ]]; then
    to=$(node_rack "$peer")
    [[ $to != "$from" ]] || fail "node$n and node$peer are in the same rack: no router is between them."
  fi
  case $name in
    router-drop-ipip) matches=("ip protocol 4") ;;
    router-drop-udp) matches=("udp dport { 8472, 51820, 51821 }") ;;
    router-drop-pods) matches=("ip saddr $POD_CIDR" "ip daddr $POD_CIDR" "ip6 saddr $POD_CIDR6" "ip6 daddr $POD_CIDR6") ;;
    router-path-mtu) matches=("meta length > 1400") ;;
    router-mtu) link_mtu "$to" "$record"; return ;;
  esac
  local table="$name-$n" match
  echo "@router nft delete table inet $table" >"$record"
  {
    echo "table inet $table {"
    echo "chain forward {"
    echo "type filter hook forward priority 0;"
    for match in "${matches[@]}"; do
      echo "iifname $(rack_bridge "$from") oifname $(bridges "$to" "$from") $match drop"
      [[ -n $peer ]] || echo "iifname $(bridges "$to" "$from") oifname $(rack_bridge "$from") $match drop"
    done
    echo "}"
    echo "}"
  } | in_lab nft -f - || { rm -f "$record"; fail "$name could not be injected: see the line above."; }
}

# bridges RACK OTHER: the bridge of RACK, or, if that is empty, of all racks but OTHER.
bridges() {
  local rack
  if [[ -n $1 ]]; then
    rack_bridge "$1"
  else
    echo "{ $(for (( rack = 1; rack <= $(racks); rack++ )); do [[ $rack == "$2" ]] || rack_bridge $rack; done | paste -sd,) }"
  fi
}

# link_mtu RACK RECORD: packets to RACK fit only up to 1400 bytes; if RACK is empty, to all racks.
link_mtu() {
  local rack network route
  echo @forget-path-mtu >"$2"
  for (( rack = 1; rack <= $(racks); rack++ )); do
    [[ -z $1 || $1 == "$rack" ]] || continue
    for network in "$(rack_network $rack)" "$(rack_network6 $rack)"; do
      route=$(in_lab ip "$(family_of "$network")" route show "$network" dev "$(rack_bridge $rack)" | head -n 1)
      route="ip $(family_of "$network") route replace ${route% } dev $(rack_bridge $rack)"
      echo "@router $route" >>"$2"
      in_lab sh -c "$route mtu lock 1400"
    done
  done
}
family_of() { if [[ $1 == *:* ]]; then echo -6; else echo -4; fi; }
