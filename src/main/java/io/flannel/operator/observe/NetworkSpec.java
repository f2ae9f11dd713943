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

/** Reads what a FlannelNetwork asks for. */
public final class NetworkSpec {
  /**
   * A documentation range (RFC 5737), to which no packet goes. It stands in for ranges that are no
   * longer known.
   */
  private static final String NOWHERE = "192.0.2.0/24";

  private NetworkSpec() {}

  /**
   * Reads the spec.
   *
   * @throws IllegalArgumentException if it can't be read; the message names the field
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

  /** Whether deleting the network cleans up its nodes; false if the policy can't be read. */
  public static boolean cleansUp(FlannelNetwork network) {
    return network.getSpec() != null
        && network.getSpec().deletionPolicy() == DeletionPolicy.CLEANUP;
  }

  /** Why the deletion policy can't be read; empty if it can. */
  public static Optional<String> unreadPolicy(FlannelNetwork network) {
    Map<String, String> why = Unread.of(network).why();
    return Optional.ofNullable(why.get("spec"))
        .or(() -> Optional.ofNullable(why.get("spec.deletionPolicy")));
  }

  /** Whether the network is paused, so that nothing is written; false if that can't be read. */
  public static boolean isPaused(FlannelNetwork network) {
    return network.getSpec() != null && Boolean.TRUE.equals(network.getSpec().paused());
  }

  /**
   * What a network that is being deleted asked for.
   *
   * @param wanted the network as far as it can be read: ranges that can't be read are those last
   *     applied, other fields have their defaults
   * @param unread why it could not be read completely; empty if it could
   */
  public record Going(DesiredNetwork wanted, Optional<String> unread) {}

  /**
   * Reads what is needed to remove a network, from whatever can be read of it.
   *
   * @param written the configurations that were written for it
   * @return empty if nothing can have been written under its name
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

  /** The ranges of the spec, then those of the written configurations, then the applied ones. */
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
