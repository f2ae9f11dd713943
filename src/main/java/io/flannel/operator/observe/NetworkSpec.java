package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.CniSpec;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.FlannelNetworkSpec.DeletionPolicy;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelSpec;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.AppliedConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a FlannelNetwork asks for. */
public final class NetworkSpec {
  /** RFC 5737: no packet goes there. It stands for ranges that nobody knows any more. */
  private static final String NOWHERE = "192.0.2.0/24";

  private NetworkSpec() {}

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException if that can't be: the message names the field
   */
  public static DesiredNetwork wanted(FlannelNetwork network) {
    Unread.of(network)
        .in("spec")
        .ifPresent(
            why -> {
              throw new IllegalArgumentException(why);
            });
    return DesiredNetwork.of(network.getMetadata().getName(), network.getSpec());
  }

  /** Whether it is to be taken off the nodes when it is deleted; not if that can't be read. */
  public static boolean cleansUp(FlannelNetwork network) {
    return network.getSpec() != null
        && network.getSpec().deletionPolicy() == DeletionPolicy.CLEANUP;
  }

  /** Why it can't be read whether it is to be taken off the nodes; empty: it can. */
  public static Optional<String> unreadPolicy(FlannelNetwork network) {
    Map<String, String> why = Unread.of(network).why();
    return Optional.ofNullable(why.get("spec"))
        .or(() -> Optional.ofNullable(why.get("spec.deletionPolicy")));
  }

  /** Whether nothing is to be written; not if that can't be read. */
  public static boolean isPaused(FlannelNetwork network) {
    return network.getSpec() != null && Boolean.TRUE.equals(network.getSpec().paused());
  }

  /**
   * What a network that goes asked for.
   *
   * @param wanted as far as it can be read: what can't is as by default, ranges as they were last
   *     applied
   * @param unread why not all of it is; empty: it is
   */
  public record Going(DesiredNetwork wanted, Optional<String> unread) {}

  /**
   * Reads what is needed to take a network away, from whatever can be read of it.
   *
   * @param written the configurations that were written for it
   * @return empty: under its name nothing can have been written
   */
  public static Optional<Going> going(FlannelNetwork network, Stream<ConfigMap> written) {
    try {
      return Optional.of(new Going(wanted(network), Optional.empty()));
    } catch (IllegalArgumentException e) {
      FlannelNetworkSpec spec = network.getSpec();
      List<Cidr> ranges = ranges(network, written);
      FlannelSpec flannel = spec == null ? null : spec.flannel();
      CniSpec cni = spec == null ? null : spec.cni();
      String name = network.getMetadata().getName();
      return readable(name, ranges, cni, flannel)
          .or(() -> readable(name, ranges, cni, null))
          .or(() -> readable(name, ranges, null, null))
          .map(it -> new Going(it, Optional.ofNullable(e.getMessage())));
    }
  }

  private static Optional<DesiredNetwork> readable(
      String name, List<Cidr> ranges, @Nullable CniSpec cni, @Nullable FlannelSpec flannel) {
    try {
      return Optional.of(
          DesiredNetwork.of(
              name,
              new FlannelNetworkSpec(
                  of(ranges, Cidr.Family.IPV4),
                  of(ranges, Cidr.Family.IPV6),
                  new BackendSpec(BackendType.VXLAN, null, null, null),
                  null,
                  null,
                  null,
                  null,
                  cni,
                  flannel,
                  null,
                  null,
                  null,
                  null)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static @Nullable String of(List<Cidr> ranges, Cidr.Family family) {
    return ranges.stream()
        .filter(range -> range.family() == family)
        .findFirst()
        .map(Cidr::toString)
        .orElse(null);
  }

  /** Those of the spec, then those that were applied. */
  private static List<Cidr> ranges(FlannelNetwork network, Stream<ConfigMap> written) {
    FlannelNetworkSpec spec = network.getSpec();
    Applied applied =
        Optional.ofNullable(network.getStatus()).map(FlannelNetworkStatus::applied).orElse(null);
    List<Cidr> known =
        Stream.of(
                Stream.of(
                        Optional.ofNullable(spec).map(FlannelNetworkSpec::cidr),
                        Optional.ofNullable(spec).map(FlannelNetworkSpec::ipv6CIDR))
                    .flatMap(Optional::stream)
                    .flatMap(text -> Cidr.tryParse(text).stream()),
                written
                    .flatMap(map -> LiveFlannelReader.config(map).stream())
                    .map(AppliedConfig::ranges)
                    .flatMap(List::stream),
                Stream.of(
                        Optional.ofNullable(applied).map(Applied::cidr),
                        Optional.ofNullable(applied).map(Applied::ipv6CIDR))
                    .flatMap(Optional::stream)
                    .flatMap(text -> Cidr.tryParse(text).stream()))
            .flatMap(ranges -> ranges)
            .toList();
    return known.isEmpty() ? List.of(Cidr.parse(NOWHERE)) : known;
  }
}
