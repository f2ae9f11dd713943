package io.flannel.operator.flannel;

import io.flannel.operator.api.CniSpec;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.HealthSpec;
import io.flannel.operator.api.InterfaceSpec;
import io.flannel.operator.api.RolloutSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a FlannelNetwork asks for, with every default filled in, so that no other code needs to know
 * what was left out.
 *
 * @param name the FlannelNetwork's name
 * @param cidr the IPv4 range of all pods, if the network carries IPv4
 * @param ipv6Cidr the IPv6 range of all pods, if it carries IPv6
 * @param mtu MTU of pods in bytes; empty for what each node's NIC leaves
 * @param interfaceArgs flanneld's arguments that choose the node's interface
 * @param progressDeadline time without progress after which a rollout counts as stalled
 * @param goesBack whether a failed rollout is rolled back; otherwise it stays where it stopped
 * @param disruptionAllowed whether a change may cut traffic
 */
public record DesiredNetwork(
    String name,
    Optional<Cidr> cidr,
    Optional<Cidr> ipv6Cidr,
    Backend backend,
    OptionalInt mtu,
    List<String> interfaceArgs,
    boolean ipMasq,
    boolean nftables,
    Cni cni,
    Pods pods,
    String maxUnavailable,
    Duration progressDeadline,
    boolean goesBack,
    boolean disruptionAllowed,
    Health health) {

  /**
   * The CNI configuration and plugin on each node.
   *
   * @param version {@code cniVersion} of the configuration
   */
  public record Cni(String version, String binDir, String confDir) {
    static Cni of(@Nullable CniSpec spec) {
      return new Cni(
          spec == null || spec.version() == null ? "1.0.0" : spec.version(),
          spec == null || spec.binDir() == null ? "/opt/cni/bin" : spec.binDir(),
          spec == null || spec.confDir() == null ? "/etc/cni/net.d" : spec.confDir());
    }
  }

  /**
   * How tunnel health is measured.
   *
   * @param enabled whether node agents run
   * @param interval time between two probes of a peer
   * @param failAfter probes lost in a row until a peer counts as unreachable
   * @param port UDP port that the agents answer on
   */
  public record Health(boolean enabled, Duration interval, int failAfter, int port) {
    /** The schema's default. */
    public static final int DEFAULT_PORT = 8473;

    static Health of(@Nullable HealthSpec spec) {
      return new Health(
          spec == null || !Boolean.FALSE.equals(spec.enabled()),
          interval(spec),
          spec == null || spec.failAfter() == null ? 3 : spec.failAfter(),
          spec == null || spec.port() == null ? DEFAULT_PORT : spec.port());
    }

    private static Duration interval(@Nullable HealthSpec spec) {
      if (spec == null || spec.interval() == null) {
        return Duration.ofSeconds(2);
      }
      return SpecNumbers.range(
          "health.interval", spec.interval(), Duration.ofSeconds(1), Duration.ofMinutes(5));
    }
  }

  /** Maximum length: the name becomes the value of labels. */
  private static final int NAME_LENGTH = 63;

  private static final Pattern MAX_UNAVAILABLE =
      Pattern.compile("[1-9][0-9]{0,8}|([1-9][0-9]?|100)%");

  /**
   * Reads a spec that the API server admitted.
   *
   * @param spec null if the object has none
   * @throws IllegalArgumentException if the spec is unusable all the same (an older CRD admitted
   *     it, or the name is too long for a label); the message names the field
   */
  public static DesiredNetwork of(String name, @Nullable FlannelNetworkSpec spec) {
    if (name.length() > NAME_LENGTH) {
      throw new IllegalArgumentException(
          "metadata.name: '%s' has more than %d characters, and each object's label"
                  .formatted(name, NAME_LENGTH)
              + " flannel.io/network holds it: create the FlannelNetwork under a shorter name");
    }
    if (spec == null || spec.backend() == null || spec.backend().type() == null) {
      throw new IllegalArgumentException("spec.backend.type: it is missing");
    }
    SpecNumbers.check(spec);
    RolloutSpec rollout = spec.rollout();
    Optional<Cidr> cidr = range("cidr", spec.cidr(), Cidr.Family.IPV4);
    Optional<Cidr> ipv6Cidr = range("ipv6CIDR", spec.ipv6CIDR(), Cidr.Family.IPV6);
    Backend backend = Backend.of(spec.backend());
    if (cidr.isEmpty() && ipv6Cidr.isEmpty()) {
      throw new IllegalArgumentException("spec.cidr: neither cidr nor ipv6CIDR is set");
    }
    if (ipv6Cidr.isPresent() && !backend.carriesIpv6()) {
      throw new IllegalArgumentException(
          "spec.ipv6CIDR: flannel's %s carries IPv4 only".formatted(backend.type().wireName()));
    }
    return new DesiredNetwork(
        name,
        cidr,
        ipv6Cidr,
        backend,
        spec.mtu() == null ? OptionalInt.empty() : OptionalInt.of(spec.mtu()),
        interfaceArgs(spec.iface()),
        !Boolean.FALSE.equals(spec.ipMasq()),
        Boolean.TRUE.equals(spec.nftables()),
        Cni.of(spec.cni()),
        Pods.of(spec.flannel()),
        maxUnavailable(rollout),
        progressDeadline(rollout),
        rollout == null || rollout.onFailure() != RolloutSpec.OnFailure.PAUSE,
        rollout != null && rollout.disruption() == RolloutSpec.Disruption.ALLOW,
        Health.of(spec.health()));
  }

  /** The ranges of the families that the network carries, IPv4 first. */
  public List<Cidr> ranges() {
    List<Cidr> ranges = new ArrayList<>();
    cidr.ifPresent(ranges::add);
    ipv6Cidr.ifPresent(ranges::add);
    return ranges;
  }

  /**
   * How many of this many nodes may change at once. Percentages are rounded up, as in Kubernetes.
   */
  public int unavailableOf(int nodes) {
    if (!maxUnavailable.endsWith("%")) {
      return Integer.parseInt(maxUnavailable);
    }
    int percent = Integer.parseInt(maxUnavailable.substring(0, maxUnavailable.length() - 1));
    return Math.max(1, Math.ceilDiv(nodes * percent, 100));
  }

  private static Optional<Cidr> range(String field, @Nullable String text, Cidr.Family family) {
    if (text == null) {
      return Optional.empty();
    }
    try {
      Cidr range = Cidr.parse(text);
      if (range.family() == family) {
        return Optional.of(range);
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("spec.%s: %s".formatted(field, e.getMessage()), e);
    }
    throw new IllegalArgumentException("spec.%s: %s is no %s range".formatted(field, text, family));
  }

  private static String maxUnavailable(@Nullable RolloutSpec rollout) {
    if (rollout == null || rollout.maxUnavailable() == null) {
      return "1";
    }
    String text = String.valueOf(rollout.maxUnavailable().getValue());
    if (!MAX_UNAVAILABLE.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "spec.rollout.maxUnavailable: '%s' is neither a number from 1 nor a percentage from 1%% to"
                  .formatted(text)
              + " 100%");
    }
    return text;
  }

  private static List<String> interfaceArgs(@Nullable InterfaceSpec iface) {
    List<String> args = new ArrayList<>();
    if (iface != null && iface.name() != null) {
      args.add("--iface=" + iface.name());
    }
    if (iface != null && iface.regex() != null) {
      args.add("--iface-regex=" + iface.regex());
    }
    if (iface != null && iface.canReach() != null) {
      args.add("--iface-can-reach=" + iface.canReach());
    }
    return args;
  }

  private static Duration progressDeadline(@Nullable RolloutSpec rollout) {
    if (rollout == null || rollout.progressDeadline() == null) {
      return Duration.ofMinutes(10);
    }
    return SpecNumbers.range(
        "rollout.progressDeadline",
        rollout.progressDeadline(),
        Duration.ofSeconds(30),
        Duration.ofHours(24));
  }
}
