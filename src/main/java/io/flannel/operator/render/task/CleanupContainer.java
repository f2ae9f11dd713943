package io.flannel.operator.render.task;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.render.RouteShell;
import java.util.List;

/**
 * Removes from a node everything that flannel put there, once no flannel runs on it any more:
 * devices, routes, the rules of pkg/trafficmngr, the CNI configuration and the files in
 * /run/flannel. It runs flannel's own image, which has the iptables and nft that flanneld used; the
 * operator's has neither.
 */
final class CleanupContainer {
  private static final String RUN = "/run/flannel";

  private static final String CNI = "/host/cni";

  private static final String RESULT_FILE = "/dev/termination-log";

  private static final String SCRIPT =
      """
      failed=
      fail() {
        failed="$failed$1. "
      }
      # What can't be listed is not gone.
      for type in vxlan ipip wireguard; do
        ip link show type "$type" >/dev/null || fail "devices of type $type cannot be listed"
      done
      ip route show table main >/dev/null || fail "routes cannot be listed"
      %4$s
      flannels_devices() {
        for type in vxlan ipip wireguard; do
          ip -o link show type "$type" | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/' |
            while read -r name; do
              case "$type $name" in
                "vxlan flannel."[0-9]* | "vxlan flannel-v6."[0-9]* | "ipip flannel.ipip" | \
                  "wireguard flannel-wg" | "wireguard flannel-wg-v6") echo "$name" ;;
              esac
            done
        done
      }
      # By flanneld's --ip-blackhole-route (pkg/ip/iface.go), for the node's own pods alone.
      blackholes() {
        for subnet in $(sed -n 's/^FLANNEL_\\(IPV6_\\)\\{0,1\\}SUBNET=//p' %2$s/subnet.env 2>/dev/null); do
          case $subnet in *:*) family=-6 ;; *) family=-4 ;; esac
          ip $family route show table main type blackhole exact "$subnet" |
            grep -v ' proto ' | sed "s/^/$family /; s/ pref [a-z]*//"
        done
      }
      routes() {
        flannels_routes
        blackholes
      }
      # A route of several words.
      # shellcheck disable=SC2086
      echo "$(routes)" | while read -r family route; do
        [ -z "$route" ] || ip $family route del $route && echo "removed $route"
      done
      for device in $(flannels_devices); do
        ip link del "$device" && echo "removed $device"
      done
      [ -z "$(routes)$(flannels_devices)" ] ||
        fail "still there are $(routes | tr '\\n' ' ')$(flannels_devices | tr '\\n' ' ')"
      # With pods on it, it is theirs.
      if ip link show cni0 >/dev/null 2>&1 && [ -z "$(ip -o link show master cni0)" ]; then
        ip link del cni0 || fail "cni0 is still there"
      fi
      for iptables in iptables ip6tables; do
        command -v $iptables >/dev/null || continue
        for chain in "nat POSTROUTING FLANNEL-POSTRTG masq" "filter FORWARD FLANNEL-FWD forward"; do
          # Four words.
          # shellcheck disable=SC2086
          set -- $chain
          $iptables -w -t "$1" -n -L "$3" >/dev/null 2>&1 || continue
          while $iptables -w -t "$1" -D "$2" -m comment --comment "flanneld $4" -j "$3" 2>/dev/null; do
            echo "removed the jump to $3"
          done
          $iptables -w -t "$1" -F "$3" && $iptables -w -t "$1" -X "$3" || fail "$iptables keeps $3"
        done
      done
      if command -v nft >/dev/null; then
        for family in ip:flannel-ipv4 ip6:flannel-ipv6; do
          nft list table "${family%%:*}" "${family#*:}" >/dev/null 2>&1 || continue
          nft delete table "${family%%:*}" "${family#*:}" || fail "nft keeps ${family#*:}"
        done
      fi
      rm -f %1$s/10-flannel.conflist || fail "the CNI configuration is left"
      # The next attempt reads what it says, too.
      [ -n "$failed" ] || rm -f %2$s/subnet.env %2$s/net-conf-hash || fail "files are left"
      if [ -z "$failed" ]; then
        echo '{"done": true, "said": "nothing of flannel is left"}' >%3$s
      else
        said=$(echo "$failed" | tr -d '"\\\\' | tr '\\n' ' ' | cut -c 1-500)
        printf '{"done": false, "said": "%%s"}' "$said" >%3$s
        exit 1
      fi
      """
          .formatted(CNI, RUN, RESULT_FILE, RouteShell.FLANNELS_ROUTES);

  private CleanupContainer() {}

  /**
   * Renders it.
   *
   * @param ranges the pods' ranges, as CIDRs separated by spaces
   */
  static Container container(DesiredNetwork network, String ranges) {
    return new ContainerBuilder()
        .withName(NodeTaskPod.CONTAINER)
        .withImage(network.pods().image())
        // flannel ran here until a moment ago, so the node has the image.
        .withImagePullPolicy("IfNotPresent")
        .withCommand("/bin/sh", "-uc")
        .withArgs(SCRIPT)
        .addNewEnv()
        .withName("NETWORKS")
        .withValue(ranges)
        .endEnv()
        .withNewSecurityContext()
        .withRunAsUser(0L)
        .withPrivileged(false)
        .withAllowPrivilegeEscalation(false)
        .withNewCapabilities()
        .withDrop("ALL")
        // Legacy iptables talks to the kernel through a raw socket.
        .withAdd("NET_ADMIN", "NET_RAW")
        .endCapabilities()
        .endSecurityContext()
        .withVolumeMounts(
            new VolumeMountBuilder().withName("run").withMountPath(RUN).build(),
            new VolumeMountBuilder().withName("cni").withMountPath(CNI).build(),
            new VolumeMountBuilder()
                .withName("xtables-lock")
                .withMountPath("/run/xtables.lock")
                .build())
        .build();
  }

  static List<Volume> volumes(DesiredNetwork network) {
    return List.of(
        hostPath("run", RUN, "DirectoryOrCreate"),
        hostPath("cni", network.cni().confDir(), "DirectoryOrCreate"),
        hostPath("xtables-lock", "/run/xtables.lock", "FileOrCreate"));
  }

  private static Volume hostPath(String name, String path, String type) {
    return new VolumeBuilder().withName(name).withNewHostPath(path, type).build();
  }
}
