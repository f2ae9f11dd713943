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

  /**
   * No failure here stops flannel from starting: without a copy a few packets may be lost, without
   * flannel all are.
   */
  private static final String SCRIPT =
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
            mac=$(sed 's/^\\(..\\)\\(..\\)\\(..\\)\\(..\\)-\\(..\\).*/02:\\1:\\2:\\3:\\4:\\5/' /proc/sys/kernel/random/uuid)
            nic=$(ip -o address show to "$HOST_IP" | sed 's/^[0-9]*: *\\([^ ]*\\) .*/\\1/;q')
            set -- "address $mac" "dev $nic" ;;
          *) set -- "" "" ;;
        esac
        # Several words each.
        # shellcheck disable=SC2086
        ip link add "$TUNNEL" $1 type $TUNNEL_TYPE local "$HOST_IP" $2 &&
          ip link set "$TUNNEL" ${TUNNEL_MTU:+mtu $TUNNEL_MTU} up &&
          echo "made $TUNNEL, for what the others send before flanneld has its own"
      fi
      echo "$NET_CONF_HASH" >%1$s || echo "%1$s cannot be written: the next start copies again"
      """
          .formatted(MARKER, RouteCopies.METRIC, RouteShell.FLANNELS_ROUTES);

  private RouteKeeperContainer() {}

  static Container container(DesiredNetwork network, NetConf conf, VolumeMount run) {
    ContainerBuilder container =
        new ContainerBuilder()
            .withName(NAME)
            .withImage(network.pods().image())
            .withImagePullPolicy(network.pods().imagePullPolicy().orElse(null))
            .withCommand("/bin/sh", "-uc")
            .withArgs(SCRIPT)
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
    Optional.of(network.backend())
        .filter(_ -> network.ranges().stream().anyMatch(RouteKeeperContainer::isIpv4))
        .flatMap(Backend::linkType)
        .ifPresent(
            type ->
                container.addToEnv(
                    new EnvVar("TUNNEL", network.backend().device().orElseThrow(), null),
                    new EnvVar("TUNNEL_TYPE", type, null),
                    DownwardApi.variable("HOST_IP", "status.hostIP")));
    if (network.backend().linkType().isPresent() && network.backend().hasMtu()) {
      network
          .mtu()
          .ifPresent(
              mtu -> container.addToEnv(new EnvVar("TUNNEL_MTU", String.valueOf(mtu), null)));
    }
    return container.build();
  }

  private static boolean isIpv4(Cidr range) {
    return range.family() == Cidr.Family.IPV4;
  }
}
