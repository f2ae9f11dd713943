package io.flannel.operator.render;

import static java.util.stream.Collectors.joining;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.RouteCopies;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The init container that copies a node's routes to its peers with a worse metric, before flanneld
 * starts with another configuration than the last. flanneld deletes a route before it adds its
 * replacement (pkg/backend/route_network.go); the copies carry the packets in between. flanneld
 * leaves them alone; they are removed as left-overs. An earlier copy is replaced: if it were what
 * flanneld wants, flanneld would accept it, whatever its metric, and add nothing.
 *
 * <p>It also creates the tunnel device for IPv4. flanneld publishes its lease before the device is
 * up (pkg/backend/ipip/ipip.go, pkg/backend/vxlan/vxlan.go), so for some hundredths of a second
 * nobody would receive the other nodes' packets. flanneld keeps an existing device that is as it
 * would make it, and recreates any other. If flannel has not run on the node since it booted, there
 * is nothing to save and the device is left to flanneld, which gives the vxlan device the MAC
 * address that the other nodes already know.
 */
final class RouteKeeperContainer {
  static final String NAME = "keep-routes";

  /** The file with the hash of the configuration that flannel last started with on the node. */
  private static final String MARKER = "/run/flannel/net-conf-hash";

  /** Shell code that sets {@code mac} to a random address. */
  private static final String NEW_MAC =
      "mac=$(sed 's/^\\(..\\)\\(..\\)\\(..\\)\\(..\\)-\\(..\\).*/02:\\1:\\2:\\3:\\4:\\5/' /proc/sys/kernel/random/uuid)";

  /** Shell code that sets {@code nic} to the device with the node's address. */
  private static final String NIC =
      "nic=$(ip -o address show to \"$HOST_IP\" | sed 's/^[0-9]*: *\\([^ ]*\\) .*/\\1/;q')";

  /**
   * No failure here stops flannel from starting: without a copy a few packets may be lost, without
   * flannel all are.
   */
  private static final String COPY_ROUTES =
      """
      if [ "$(cat %1$s 2>/dev/null)" = "$NET_CONF_HASH" ]; then
        echo "flannel last ran with this configuration here: no route is copied"
        exit 0
      fi
      %3$s
      flannels_routes | while read -r family route; do
        case "$route " in *" metric %2$s "*) continue ;; esac
        copy=$(echo "$route" | sed 's/ metric [0-9]*//')
        # A route of several words.
        # shellcheck disable=SC2086
        ip $family route replace $copy metric %2$s && echo "copied $route"
      done
      if [ -n "${TUNNEL:-}" ] && [ -e %1$s ] && ! ip link show "$TUNNEL" >/dev/null 2>&1; then
        case $TUNNEL_TYPE in
          "vxlan "*)
            # A MAC address that the kernel gave could be changed by systemd (flannel's issue 1795).
            %4$s
            %5$s
            set -- "address $mac" "dev $nic" ;;
          *) set -- "" "" ;;
        esac
        # Several words each.
        # shellcheck disable=SC2086
        ip link add "$TUNNEL" $1 type $TUNNEL_TYPE local "$HOST_IP" $2 &&
          ip link set "$TUNNEL" ${TUNNEL_MTU:+mtu $TUNNEL_MTU} up &&
          echo "made $TUNNEL, for what the others send before flanneld has its own"
      fi
      """
          .formatted(MARKER, RouteCopies.METRIC, RouteShell.FLANNELS_ROUTES, NEW_MAC, NIC);

  private static final String REMEMBER =
      """
      echo "$NET_CONF_HASH" >%1$s || echo "%1$s cannot be written: the next start copies again"
      """
          .formatted(MARKER);

  /**
   * vxlan's IPv6 routes lead via an address of the peer's pods. The kernel refuses such a route
   * while another device has one that holds this address (net/ipv6/route.c,
   * ip6_route_check_nh_onlink), and flanneld gives up after a minute. So each of these addresses
   * gets a route of its own. It is left out where nothing needs it: another text restarts flannel's
   * pods.
   */
  private static final String IPV6_GATEWAYS =
      """
      if [ -e %1$s ] && ! ip link show "$TUNNEL6" >/dev/null 2>&1; then
        %3$s
        %4$s
        case $HOST_IP in
          *:*) own=$HOST_IP ;;
          *) own=$(ip -6 -o address show dev "$nic" scope global | sed 's/.*inet6 \\([^/]*\\).*/\\1/;q') ;;
        esac
        # Several words.
        # shellcheck disable=SC2086
        ip link add "$TUNNEL6" address "$mac" type $TUNNEL_TYPE local "$own" dev "$nic" &&
          ip link set "$TUNNEL6" up &&
          echo "made $TUNNEL6, for the routes to the other nodes' devices"
      fi
      flannels_routes | while read -r family route; do
        case "$family $route " in -4* | *" metric %2$s "* | *" dev $TUNNEL6 "*) continue ;; esac
        ip $family route replace "${route%%%%/*}/128" dev "$TUNNEL6" metric %2$s && echo "made way for $TUNNEL6 beside $route"
      done
      """
          .formatted(MARKER, RouteCopies.METRIC, NEW_MAC, NIC);

  private RouteKeeperContainer() {}

  static Container container(DesiredNetwork network, NetConf conf, VolumeMount run) {
    Optional<String> ipv4 = device(network, Cidr.Family.IPV4, it -> it.linkType().isPresent());
    Optional<String> ipv6 = device(network, Cidr.Family.IPV6, Backend::carriesEthernet);
    ContainerBuilder container =
        new ContainerBuilder()
            .withName(NAME)
            .withImage(network.pods().image())
            .withImagePullPolicy(network.pods().imagePullPolicy().orElse(null))
            .withCommand("/bin/sh", "-uc")
            .withArgs(COPY_ROUTES + (ipv6.isPresent() ? IPV6_GATEWAYS : "") + REMEMBER)
            .addNewEnv()
            .withName("NET_CONF_HASH")
            .withValue(conf.hash())
            .endEnv()
            .addNewEnv()
            .withName("NETWORKS")
            .withValue(network.ranges().stream().map(Cidr::toString).collect(joining(" ")))
            .endEnv()
            .withNewSecurityContext()
            .withPrivileged(false)
            .withAllowPrivilegeEscalation(false)
            .withNewCapabilities()
            .withDrop("ALL")
            .withAdd("NET_ADMIN")
            .endCapabilities()
            .endSecurityContext()
            .withVolumeMounts(run);
    ipv4.ifPresent(device -> container.addToEnv(new EnvVar("TUNNEL", device, null)));
    if (ipv4.isPresent() || ipv6.isPresent()) {
      container.addToEnv(
          new EnvVar("TUNNEL_TYPE", network.backend().linkType().orElseThrow(), null),
          DownwardApi.variable("HOST_IP", "status.hostIP"));
    }
    ipv6.ifPresent(device -> container.addToEnv(new EnvVar("TUNNEL6", device, null)));
    if (network.backend().linkType().isPresent() && network.backend().hasMtu()) {
      network
          .mtu()
          .ifPresent(
              mtu -> container.addToEnv(new EnvVar("TUNNEL_MTU", String.valueOf(mtu), null)));
    }
    return container.build();
  }

  /** The device for a family that the network carries, with a backend that needs it to be made. */
  private static Optional<String> device(
      DesiredNetwork network, Cidr.Family family, Predicate<Backend> needed) {
    return network.ranges().stream()
        .filter(range -> range.family() == family && needed.test(network.backend()))
        .findFirst()
        .flatMap(_ -> network.backend().device(family));
  }
}
