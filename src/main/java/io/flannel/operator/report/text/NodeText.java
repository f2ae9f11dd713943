package io.flannel.operator.report.text;

import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.report.view.NetworkView;
import java.time.Instant;

/** The nodes as a table, worst first: {@code kubectl flannel nodes}. */
public final class NodeText {
  private NodeText() {}

  /**
   * Returns the table.
   *
   * @param wide with all columns: also backend, device, MTU, IPv6 subnet, 99th percentile
   */
  public static TextOutput of(NetworkView network, boolean wide, Instant now) {
    if (network.nodes().isEmpty()) {
      return new TextOutput("Network %s has no node.\n".formatted(network.name()), false);
    }
    Table table =
        wide
            ? new Table(
                "NODE",
                "TUNNEL",
                "REASON",
                "FOR",
                "LEASED",
                "SUBNET",
                "IPV6-SUBNET",
                "PUBLIC-IP",
                "BACKEND",
                "DEVICE",
                "MTU",
                "PEERS",
                "RTT-P50",
                "RTT-P99")
            : new Table(
                "NODE", "TUNNEL", "REASON", "FOR", "SUBNET", "PUBLIC-IP", "PEERS", "RTT-P50");
    for (NodeStatus node : network.nodes()) {
      String tunnel = node.tunnel() == null ? null : EnumText.of(node.tunnel());
      String age = Age.of(node.since(), now);
      if (wide) {
        table.row(
            node.name(),
            tunnel,
            node.reason(),
            age,
            Boolean.TRUE.equals(node.leased()) ? "yes" : "no",
            node.subnet(),
            node.ipv6Subnet(),
            node.publicIP(),
            node.backend(),
            node.device(),
            node.mtu(),
            node.peersReachable(),
            node.rttP50(),
            node.rttP99());
      } else {
        table.row(
            node.name(),
            tunnel,
            node.reason(),
            age,
            node.subnet() == null ? node.ipv6Subnet() : node.subnet(),
            node.publicIP(),
            node.peersReachable(),
            node.rttP50());
      }
    }
    return new TextOutput(table.toString(), TextOutput.isWell(network));
  }
}
