package io.flannel.operator.overlay;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.overlay.LiveFlannel.PodCounts;
import java.util.Optional;

/** Networks for tests, written as users write them. */
public final class Networks {
  private Networks() {}

  /** What stands under {@code spec:} in a manifest. */
  public static FlannelNetworkSpec spec(String yaml) {
    return Serialization.unmarshal("---\n" + yaml, FlannelNetworkSpec.class);
  }

  /** The network {@code default} with such a spec. */
  public static WantedNetwork wanted(String yaml) {
    return WantedNetwork.of("default", spec(yaml));
  }

  public static WantedNetwork ipip(String cidr) {
    return wanted("{cidr: %s, backend: {type: ipip}}".formatted(cidr));
  }

  public static WantedNetwork vxlan(String cidr) {
    return wanted("{cidr: %s, backend: {type: vxlan}}".formatted(cidr));
  }

  /** A network whose tunnels nothing measures. */
  public static WantedNetwork unmeasured(String backend, String cidr) {
    return wanted(
        "{cidr: %s, backend: {type: %s}, health: {enabled: false}}".formatted(cidr, backend));
  }

  public static WantedNetwork hostGw(String cidr) {
    return wanted("{cidr: %s, backend: {type: host-gw}}".formatted(cidr));
  }

  public static WantedNetwork dualStack(String cidr, String ipv6Cidr) {
    return wanted("{cidr: '%s', ipv6CIDR: '%s', backend: {type: vxlan}}".formatted(cidr, ipv6Cidr));
  }

  public static WantedNetwork ipv6Only(String ipv6Cidr) {
    return wanted("{ipv6CIDR: '%s', backend: {type: host-gw}}".formatted(ipv6Cidr));
  }

  /** The flannel that this network makes, read back, with these pods. */
  public static LiveFlannel live(WantedNetwork network, PodCounts pods) {
    return new LiveFlannel(
        NetConf.of(network).hash(),
        Optional.of(AppliedConfig.of(network)),
        PodTemplate.of(network),
        pods,
        RolloutMarks.NONE);
  }

  /** The same, on so many nodes, all done. */
  public static LiveFlannel live(WantedNetwork network, int nodes) {
    return live(network, new PodCounts(true, nodes, nodes, nodes, nodes));
  }
}
