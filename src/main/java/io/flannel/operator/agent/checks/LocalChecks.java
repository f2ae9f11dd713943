package io.flannel.operator.agent.checks;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.flannel.Cidr;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Polls the kernel with iproute2 and /proc. Call it every one to two seconds, from one thread.
 *
 * <p>{@code ip monitor} would wake the agent for every neighbour of the NIC and every pod. It sees
 * neither sysctls nor files, so polling would still be needed, and it would save little, because
 * the tools keep running between polls.
 */
public final class LocalChecks implements AutoCloseable {
  /** How long a fault must last to count, and be absent to stop counting. */
  public static final Duration PATIENCE = Duration.ofMillis(1400);

  /** How long flannel may take to follow a change of the cluster's nodes. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  private final KernelReader reader;
  private final LongSupplier nanoTime;
  private final CounterChecks counters = new CounterChecks();
  private final SettlingTimes expectations = new SettlingTimes(GRACE);
  private final Debouncer steady;

  /** The last state that could be read. */
  private LocalState last = LocalState.NOTHING;

  LocalChecks(KernelReader reader, Duration patience, LongSupplier nanoTime) {
    this.reader = reader;
    this.nanoTime = nanoTime;
    this.steady = new Debouncer(patience);
  }

  /**
   * Creates the checks of the node that the agent runs on.
   *
   * @param flannelRun where the node's /run/flannel is mounted
   * @param cniConf where the node's directory of CNI configurations is mounted
   */
  public static LocalChecks ofThisNode(Path flannelRun, Path cniConf) {
    return new LocalChecks(
        new KernelReader(
            Iproute2.installed(),
            new HostFiles(Path.of("/proc"), Path.of("/sys/class/net"), flannelRun, cniConf)),
        PATIENCE,
        System::nanoTime);
  }

  /**
   * Polls the node once. Takes some milliseconds, or seconds if a tool hangs.
   *
   * @param spec what the node should have
   * @return what it has; a failed read is a finding, never an exception
   */
  public LocalState look(FlannelNodeSpec spec) {
    Optional<Expected> expected = Expected.of(spec);
    last =
        expected
            .map(this::look)
            .orElseGet(
                () -> {
                  steady.look(nanoTime.getAsLong(), List.of(), _ -> false);
                  return LocalState.NOTHING;
                });
    return last;
  }

  /** Kills the tools that it runs; they end with the agent in any case. */
  @Override
  public void close() {
    reader.iproute2().close();
  }

  private LocalState look(Expected expected) {
    KernelState state = reader.read(expected);
    // Taken after reading, which may take long if a tool hangs.
    long now = nanoTime.getAsLong();
    expectations.expect(now, expected);
    List<Finding> seen =
        LocalFindings.merged(
            Stream.concat(
                    LocalFindings.of(expected, state).stream(),
                    counters.look(now, expected, state).stream())
                .toList());
    List<FlannelNodeStatus.Finding> findings =
        steady.look(now, seen, sighting -> expectations.isSettled(now, sighting)).stream()
            .limit(Bounds.FINDINGS)
            .map(Finding::finding)
            .toList();
    return state.links().value().isPresent()
        ? new LocalState(
            PacketPathState.tunnel(expected, state),
            bridgeAddress(expected, state),
            findings,
            PacketPathState.of(expected, state, last.way()))
        : new LocalState(last.device(), last.bridgeAddress(), findings, last.way());
  }

  /**
   * Only an address in the node's own range, because peers send to no other one here; the IPv4 one
   * if there are two.
   */
  private static Optional<String> bridgeAddress(Expected expected, KernelState state) {
    return expected.pods().stream()
        .findFirst()
        .flatMap(
            range ->
                state.link(PodChecks.BRIDGE).stream()
                    .flatMap(link -> link.addresses(range.node().family()).stream())
                    .map(Link.InterfaceAddress::address)
                    .filter(range.node()::contains)
                    .findFirst())
        .map(Cidr::base);
  }
}
