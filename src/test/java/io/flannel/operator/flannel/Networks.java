package io.flannel.operator.flannel;

import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.util.Optional;

/** Networks for tests, written as users write them. */
public final class Networks {
  private Networks() {}

  /** Parses the {@code spec:} of a manifest. */
  public static FlannelNetworkSpec spec(String yaml) {
    return Serialization.unmarshal("---\n" + yaml, FlannelNetworkSpec.class);
  }

  /** Returns network {@code default} with this spec. */
  public static DesiredNetwork wanted(String yaml) {
    return DesiredNetwork.of("default", spec(yaml));
  }

  public static DesiredNetwork ipip(String cidr) {
    return wanted("{cidr: %s, backend: {type: ipip}}".formatted(cidr));
  }

  public static DesiredNetwork vxlan(String cidr) {
    return wanted("{cidr: %s, backend: {type: vxlan}}".formatted(cidr));
  }

  /** Returns a network whose tunnels are not measured. */
  public static DesiredNetwork unmeasured(String backend, String cidr) {
    return wanted(
        "{cidr: %s, backend: {type: %s}, health: {enabled: false}}".formatted(cidr, backend));
  }

  public static DesiredNetwork hostGw(String cidr) {
    return wanted("{cidr: %s, backend: {type: host-gw}}".formatted(cidr));
  }

  public static DesiredNetwork dualStack(String cidr, String ipv6Cidr) {
    return wanted("{cidr: '%s', ipv6CIDR: '%s', backend: {type: vxlan}}".formatted(cidr, ipv6Cidr));
  }

  public static DesiredNetwork ipv6Only(String ipv6Cidr) {
    return wanted("{ipv6CIDR: '%s', backend: {type: host-gw}}".formatted(ipv6Cidr));
  }

  /** Returns the flannel of this network as it is read back, with these pods. */
  public static LiveFlannel live(DesiredNetwork network, PodCounts pods) {
    return new LiveFlannel(
        NetConf.of(network).hash(),
        Optional.of(AppliedConfig.of(network)),
        PodTemplate.of(network),
        pods,
        RolloutAnnotations.NONE);
  }

  /** Returns the same on this many nodes, all up to date and available. */
  public static LiveFlannel live(DesiredNetwork network, int nodes) {
    return live(network, counts(nodes).get());
  }
}
