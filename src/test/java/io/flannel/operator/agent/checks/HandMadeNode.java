package io.flannel.operator.agent.checks;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.testing.process.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A node in a network namespace of this machine's kernel, set up by hand as flannel's vxlan backend
 * does it. The real ip and bridge read it as user nobody, without any capability.
 */
final class HandMadeNode implements AutoCloseable {
  static final String FLANNEL_DEVICE =
      """
      ip link add flannel.1 type vxlan id 1 local 192.168.0.81 dev eth0 dstport 8472 nolearning
      ip link set flannel.1 mtu 1450 up
      ip addr add 10.244.1.0/32 dev flannel.1
      """;

  static final String PEERS =
      """
      ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
      ip neigh add 10.244.2.0 lladdr 12:c6:65:89:b4:00 dev flannel.1 nud permanent
      bridge fdb add 12:c6:65:89:b4:00 dev flannel.1 dst 192.168.0.100 self permanent
      ip route add 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink
      ip neigh add 10.244.3.0 lladdr 12:c6:65:89:b4:01 dev flannel.1 nud permanent
      bridge fdb add 12:c6:65:89:b4:01 dev flannel.1 dst 192.168.0.101 self permanent
      """;

  static final String VXLAN =
      """
      ip link set lo up
      ip link add eth0 type veth peer name wire
      ip link set wire up
      ip link set eth0 up
      ip addr add 192.168.0.81/24 dev eth0
      ip route add default via 192.168.0.1
      ip link add cni0 type bridge
      ip link add pod0 type veth peer name pod0-eth0
      ip link set pod0 mtu 1450 master cni0 up
      ip link set pod0-eth0 up
      ip link set cni0 up
      ip addr add 10.244.1.1/24 dev cni0
      """
          + FLANNEL_DEVICE
          + PEERS;

  private static final long PATIENCE = LocalChecks.PATIENCE.toNanos();

  private final Path files;
  private final List<LocalChecks> looking = new ArrayList<>();
  private final NetworkNamespace namespace = new NetworkNamespace();
  private long nanos;

  private HandMadeNode(Path files) {
    this.files = files;
  }

  /**
   * Creates a node without devices.
   *
   * @param files the directory of its files
   */
  static HandMadeNode in(Path files) throws IOException {
    assumeTrue(NetworkNamespace.canBeMade(), "needs root, and vxlan in the kernel");
    var node = new HandMadeNode(files);
    node.write(
        "subnet.env",
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\n");
    node.write("10-flannel.conflist", "{}");
    node.write("proc/sys/net/ipv4/ip_forward", "1\n");
    return node;
  }

  /** Runs commands of ip and bridge, one per line. */
  void run(String commands) {
    namespace.run(commands);
  }

  /** Advances the clock by {@link LocalChecks#PATIENCE}, after which a fault counts. */
  void waits() {
    nanos += PATIENCE;
  }

  @Override
  public void close() {
    looking.forEach(LocalChecks::close);
    namespace.close();
  }

  /** Returns what the second poll reports: no fault counts after the first. */
  LocalState lookTwice(LocalChecks checks, BackendType backend) {
    checks.look(spec(backend, false));
    waits();
    return checks.look(spec(backend, false));
  }

  static List<String> reasons(LocalState state) {
    return state.findings().stream().map(Finding::reason).toList();
  }

  static FlannelNodeSpec spec(BackendType backend, boolean directRouting) {
    return new SimulatedNode(
            new SimulatedNode.Shape(
                backend,
                directRouting,
                false,
                Optional.empty(),
                1500,
                List.of(true, true),
                true,
                true))
        .spec();
  }

  LocalChecks checks() {
    return checks(
        new Iproute2(
            Stream.concat(namespace.asNobody().stream(), Stream.of("ip")).toList(),
            Stream.concat(namespace.asNobody().stream(), Stream.of("bridge")).toList(),
            Duration.ofSeconds(30)));
  }

  LocalChecks checks(Iproute2 iproute2) {
    var checks =
        new LocalChecks(new KernelReader(iproute2, hostFiles()), LocalChecks.PATIENCE, () -> nanos);
    looking.add(checks);
    return checks;
  }

  private HostFiles hostFiles() {
    return new HostFiles(files.resolve("proc"), namespace.devices(), files, files);
  }

  void write(String path, String text) throws IOException {
    Path file = files.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
