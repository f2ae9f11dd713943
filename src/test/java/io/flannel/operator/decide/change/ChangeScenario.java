package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;

import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Nodes;

/** A network on three nodes with leases, and the verdict on a change of it. */
final class ChangeScenario {
  private static final String RANGE = "cidr: 10.244.0.0/16, ";

  private ChangeScenario() {}

  /** Three nodes with leases on which this network runs. */
  static Clusters running(DesiredNetwork live) {
    return cluster(leased(1), leased(2), leased(3)).running(live);
  }

  static Nodes leased(int number) {
    return node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number))
        .internalIp("192.168.0." + number)
        .leased("vxlan", "192.168.0." + number);
  }

  /** Judges the change from one spec to another, both given without their range. */
  static ChangeImpact judge(String live, String next) {
    return SpecValidator.change(
        wanted("{" + RANGE + next + "}"), running(wanted("{" + RANGE + live + "}")).state());
  }
}
