package io.flannel.operator.decide.preflight;

import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.ProbePlan;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.preflight.PreflightTask.Peer;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which nodes try a new encapsulation with each other before the first node moves to it.
 *
 * @param tasks the tasks of the nodes' pods, by node; empty if there is nothing to try
 * @param leftOut the nodes that can't take part, and why
 * @param before where packets are lost already
 */
public record PreflightPlan(
    SortedMap<String, PreflightTask> tasks,
    SortedMap<String, String> leftOut,
    LossBaseline before) {

  /** Maximum time that a pod tries: enough for the other pods to start meanwhile. */
  static final Duration LONGEST = Duration.ofSeconds(30);

  /** Highest VNI of vxlan (RFC 7348: 24 bits). */
  private static final int HIGHEST_VNI = 0xff_ffff;

  private static final int NONCE_BYTES = 8;

  public PreflightPlan {
    tasks = Collections.unmodifiableSortedMap(new TreeMap<>(tasks));
    leftOut = Collections.unmodifiableSortedMap(new TreeMap<>(leftOut));
  }

  /**
   * Plans the pre-flight of the wanted network. Peers are chosen by {@link ProbePlan}, as for the
   * regular probes.
   *
   * @param leases every node of the network
   * @param reports the node agents' reports, by node
   * @param live the backend in force; empty if unknown
   * @param seed identifies the change, such as by the FlannelNetwork's uid and the wanted
   *     configuration's hash: all its pods get the same nonce from it, whoever creates them
   */
  public static PreflightPlan of(
      DesiredNetwork wanted,
      List<NodeLease> leases,
      Map<String, AgentReport> reports,
      Optional<Backend> live,
      String seed) {
    SortedMap<String, List<String>> addresses = new TreeMap<>();
    SortedMap<String, String> leftOut = new TreeMap<>();
    for (NodeLease lease : leases) {
      String name = lease.node().name();
      Optional<String> obstacle = obstacle(lease, addresses(wanted, lease));
      obstacle.ifPresentOrElse(
          why -> leftOut.put(name, why), () -> addresses.put(name, addresses(wanted, lease)));
    }
    SortedMap<String, PreflightTask> tasks = new TreeMap<>();
    if (wanted.backend().encapsulation().isPresent() && addresses.size() > 1) {
      ProbePlan plan = ProbePlan.of(addresses.keySet());
      for (String name : plan.names()) {
        List<Peer> peers =
            plan.peersOf(name).stream()
                .flatMap(
                    peer ->
                        addresses.getOrDefault(peer, List.of()).stream()
                            .map(address -> new Peer(peer, address)))
                .toList();
        tasks.put(
            name, task(wanted, live, nonce(seed), addresses.getOrDefault(name, List.of()), peers));
      }
    }
    return new PreflightPlan(
        tasks, leftOut, LossBaseline.of(wanted.ranges().getFirst().family(), leases, reports));
  }

  private static PreflightTask task(
      DesiredNetwork wanted,
      Optional<Backend> live,
      String nonce,
      List<String> addresses,
      List<Peer> peers) {
    Backend backend = wanted.backend();
    return new PreflightTask(
        backend.type(),
        backend.udpPort(Cidr.Family.IPV4).orElse(0),
        unusedVni(backend, live),
        wanted.mtu().isPresent() ? (Integer) wanted.mtu().getAsInt() : null,
        backend.overhead(),
        backend.directRouting(),
        nonce,
        Math.toIntExact(LONGEST.toSeconds()),
        addresses,
        peers);
  }

  /**
   * The addresses that peers will send the new packets to, one of each family of the wanted
   * network.
   */
  private static List<String> addresses(DesiredNetwork wanted, NodeLease lease) {
    return wanted.ranges().stream()
        .map(Cidr::family)
        .filter(family -> family == Cidr.Family.IPV4 || wanted.backend().carriesIpv6())
        .flatMap(family -> lease.lease().flatMap((Lease it) -> it.publicIp(family)).stream())
        .map(Cidr::base)
        .toList();
  }

  private static Optional<String> obstacle(NodeLease lease, List<String> addresses) {
    if (!lease.node().ready()) {
      return Optional.of("NotReady");
    }
    return lease
        .problem()
        .map(LeaseProblem::reason)
        .or(
            () ->
                addresses.isEmpty()
                    ? Optional.of(LeaseProblem.NO_PUBLIC_IP.reason())
                    : Optional.empty());
  }

  private static int unusedVni(Backend wanted, Optional<Backend> live) {
    return IntStream.iterate(HIGHEST_VNI, vni -> vni - 1)
        .filter(
            vni ->
                Stream.concat(Stream.of(wanted), live.stream())
                    .noneMatch(backend -> backend.networkId().equals(OptionalInt.of(vni))))
        .findFirst()
        .orElseThrow();
  }

  private static String nonce(String seed) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(seed.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, NONCE_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
