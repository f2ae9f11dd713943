package io.flannel.operator.decide.health;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.health.AgentReport.Nonsense;
import io.flannel.operator.decide.health.AgentReport.Path;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a report without trusting it: the agent may be broken, of another version, or no agent. One
 * impossible value makes the whole report {@link Nonsense}.
 */
final class ReportReader {
  private static final Pattern DEVICE = Pattern.compile(Bounds.DEVICE_FORM);

  private final FlannelNodeStatus status;
  private final Set<String> peers;

  private final boolean current;

  private ReportReader(FlannelNodeStatus status, Set<String> peers, boolean current) {
    this.status = status;
    this.peers = peers;
    this.current = current;
  }

  static AgentReport read(
      long generation, @Nullable FlannelNodeSpec spec, FlannelNodeStatus status, Duration age) {
    try {
      long observed = Objects.requireNonNullElse(status.observedGeneration(), -1L);
      require(
          observed >= 0 && observed <= generation,
          "observedGeneration is %s, but the FlannelNode's generation is %d"
              .formatted(status.observedGeneration(), generation));
      Set<String> peers =
          orEmpty(spec == null ? null : spec.peers()).stream()
              .flatMap(peer -> Stream.ofNullable(peer == null ? null : peer.name()))
              .collect(Collectors.toUnmodifiableSet());
      // The peers in a spec that is gone are unknown.
      return new ReportReader(status, peers, spec != null && observed == generation).read(age);
    } catch (ImpossibleException e) {
      return new Nonsense(String.valueOf(e.getMessage()));
    }
  }

  private Received read(Duration age) throws ImpossibleException {
    Instant reportedAt = time("reportedAt", Objects.requireNonNull(status.reportedAt()));
    text("agentVersion", status.agentVersion(), Bounds.SHORT_TEXT);
    return new Received(
        age,
        running("agentSince", status.agentSince(), reportedAt, age),
        running("bootedAt", status.bootedAt(), reportedAt, age),
        Boolean.TRUE.equals(status.stopping()),
        device("device", status.device()),
        address("bridgeAddress", status.bridgeAddress()),
        device("nic", status.nic()),
        device("bridge", status.bridge()),
        findings(),
        paths(reportedAt, age));
  }

  /**
   * How long something has run: by the agent's clock until it reported, by the operator's since.
   */
  private static Optional<Duration> running(
      String field, @Nullable String since, Instant reportedAt, Duration age)
      throws ImpossibleException {
    if (since == null) {
      return Optional.empty();
    }
    Duration before = Duration.between(time(field, since), reportedAt);
    return Optional.of(before.isNegative() ? age : age.plus(before));
  }

  private static Optional<Device> device(String field, @Nullable Device device)
      throws ImpossibleException {
    if (device == null) {
      return Optional.empty();
    }
    deviceName(field + ".name", device.name());
    text(field + ".kind", device.kind(), Bounds.DEVICE_KIND);
    Integer mtu = device.mtu();
    require(
        mtu == null || (mtu >= 0 && mtu <= Bounds.LARGEST_MTU),
        "%s.mtu is %s, and no device has such an MTU".formatted(field, mtu));
    require(
        device.address() == null || Cidr.tryParse(device.address()).isPresent(),
        field + ".address is %s, which is no IP address with a prefix length",
        device.address());
    return Optional.of(device);
  }

  private static Optional<Cidr> address(String field, @Nullable String text)
      throws ImpossibleException {
    if (text == null) {
      return Optional.empty();
    }
    Optional<Cidr> address = Cidr.tryAddress(text);
    require(address.isPresent(), field + " is %s, which is no IP address", text);
    return address;
  }

  private List<Finding> findings() throws ImpossibleException {
    List<FlannelNodeStatus.Finding> reported = orEmpty(status.findings());
    require(
        reported.size() <= Bounds.FINDINGS,
        "there are more than %d findings".formatted(Bounds.FINDINGS));
    List<Finding> findings = new ArrayList<>();
    for (FlannelNodeStatus.Finding finding : reported) {
      require(finding != null && finding.reason() != null, "a finding has no reason");
      Optional<NodeFault> fault = NodeFault.ofReason(finding.reason());
      require(
          fault.isPresent(),
          "findings has the reason %s, which this operator does not know",
          finding.reason());
      text("a finding's message", finding.message(), Bounds.FINDING_MESSAGE);
      boolean ofPeer = fault.get().scope() == NodeFault.Scope.PEER;
      String peer = finding.peer();
      require(!ofPeer || peer != null, "findings has %s without a peer", finding.reason());
      if (ofPeer && !known(peer)) {
        continue;
      }
      findings.add(
          new Finding(
              fault.get(),
              Objects.requireNonNullElse(finding.message(), ""),
              ofPeer ? Optional.ofNullable(peer) : Optional.empty()));
    }
    return List.copyOf(findings);
  }

  private List<Path> paths(Instant reportedAt, Duration age) throws ImpossibleException {
    List<PeerReport> reported = orEmpty(status.peers());
    require(
        reported.size() <= Bounds.PEERS, "there are more than %d peers".formatted(Bounds.PEERS));
    Set<String> seen = new HashSet<>();
    List<Path> paths = new ArrayList<>();
    for (PeerReport peer : reported) {
      require(peer != null, "peers has an entry that is nothing");
      name("a peer's name", peer.name(), Bounds.NAME);
      require(seen.add(peer.name()), "peers names %s twice", peer.name());
      Integer loss = peer.lossPercent();
      require(
          loss == null || (loss >= 0 && loss <= 100),
          "peers has a lossPercent of %s".formatted(loss));
      Optional<Integer> p50 = rtt("rttP50Micros", peer.rttP50Micros());
      Optional<Integer> p99 = rtt("rttP99Micros", peer.rttP99Micros());
      require(
          p50.isEmpty() || p99.isEmpty() || p50.get() <= p99.get(),
          "peers has an rttP99Micros below its rttP50Micros");
      Duration held = age;
      if (peer.since() != null) {
        Duration before = before(time("since", peer.since()), reportedAt);
        // Negative if the agent's clock was set back; the time since arrival still counts.
        held = before.isNegative() ? age : age.plus(before);
      }
      Optional<Cidr> address = address("a peer's address", peer.address());
      if (known(peer.name())) {
        paths.add(
            new Path(
                peer.name(),
                address,
                PathState.of(peer),
                held,
                Boolean.FALSE.equals(peer.losing()),
                Optional.ofNullable(loss),
                p50,
                p99,
                route(peer.route())));
      }
    }
    return List.copyOf(paths);
  }

  private static Optional<Route> route(@Nullable Route route) throws ImpossibleException {
    if (route == null) {
      return Optional.empty();
    }
    require(
        route.destination() == null || Cidr.tryParse(route.destination()).isPresent(),
        "a route's destination is %s, which is no CIDR",
        route.destination());
    address("a route's gateway", route.gateway());
    if (route.device() != null) {
      deviceName("a route's device", route.device());
    }
    return Optional.of(route);
  }

  /** The least possible time between the two: fractions of a second may have been cut off. */
  private static Duration before(Instant since, Instant reportedAt) {
    Duration between = Duration.between(since, reportedAt);
    boolean whole = isWhole(since) && isWhole(reportedAt);
    return whole ? between.minusSeconds(1) : between;
  }

  private static boolean isWhole(Instant time) {
    return time.equals(time.truncatedTo(ChronoUnit.SECONDS));
  }

  /** Whether the peer is in the spec; a report on an older spec may have others. */
  private boolean known(@Nullable String peer) throws ImpossibleException {
    boolean known = peer != null && peers.contains(peer);
    require(known || !current, "it speaks of peer %s, which is not in its spec", peer);
    return known;
  }

  private static Optional<Integer> rtt(String field, @Nullable Integer micros)
      throws ImpossibleException {
    require(
        micros == null || (micros >= 0 && micros <= Bounds.LONGEST_RTT_MICROS),
        "peers has an %s of %s".formatted(field, micros));
    return Optional.ofNullable(micros);
  }

  private static Instant time(String field, String text) throws ImpossibleException {
    Optional<Instant> time = Times.tryParse(text);
    require(
        time.isPresent(), field + " is %s, which is no time such as 2026-11-23T10:00:00Z", text);
    return time.orElseThrow();
  }

  private static void name(String field, @Nullable String name, int length)
      throws ImpossibleException {
    require(name != null && !name.isEmpty(), field + " is missing");
    text(field, name, length);
  }

  /** The kernel accepts any characters except white space and slashes. */
  private static void deviceName(String field, @Nullable String name) throws ImpossibleException {
    name(field, name, Bounds.DEVICE);
    require(
        name != null && DEVICE.matcher(name).matches(),
        field + " is %s, which is no device's name",
        name);
  }

  private static void text(String field, @Nullable String text, int length)
      throws ImpossibleException {
    require(
        text == null || text.length() <= length,
        "%s has more than %d characters".formatted(field, length));
  }

  private static void require(boolean holds, String otherwise, @Nullable String said)
      throws ImpossibleException {
    if (!holds) {
      throw new ImpossibleException(otherwise.formatted(cut(String.valueOf(said))));
    }
  }

  private static void require(boolean holds, String otherwise) throws ImpossibleException {
    if (!holds) {
      throw new ImpossibleException(otherwise);
    }
  }

  /** Makes a stranger's text safe to repeat: quoted, short, and only printable ASCII. */
  private static String cut(String text) {
    String readable = text.replaceAll("[^\\x20-\\x7e]", "?");
    return "'" + (readable.length() <= 64 ? readable : readable.substring(0, 64) + "…") + "'";
  }

  /** Says what is impossible in a report. */
  private static final class ImpossibleException extends Exception {
    private static final long serialVersionUID = 1;

    ImpossibleException(String message) {
      super(message);
    }
  }
}
