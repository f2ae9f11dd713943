package io.flannel.operator.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.RolloutBuilder;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.health.ProbePlan;
import io.flannel.operator.decide.problem.TunnelProblem;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An ipip network in which the overlay loses all packets to and from some nodes.
 *
 * @param name of the FlannelNetwork
 * @param size number of nodes
 * @param cut numbers, from 1, of the nodes that no encapsulated packet reaches
 * @param updated how many nodes a rollout has reached; it is complete if this is {@code size}
 */
record FakeNetwork(String name, int size, Set<Integer> cut, int updated) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TunnelProblem PROBLEM = TunnelProblem.ENCAPSULATION_BLOCKED;
  private static final String REMEDY =
      "let IP protocol 4 (IP in IP) pass between all nodes, both ways: look at firewalls on the"
          + " nodes and at the cloud's security groups";

  /** Returns a healthy network. */
  static FakeNetwork of(int size) {
    return new FakeNetwork("default", size, Set.of(), size);
  }

  FakeNetwork named(String other) {
    return new FakeNetwork(other, size, cut, updated);
  }

  FakeNetwork cutOff(Integer... nodes) {
    return new FakeNetwork(name, size, Set.of(nodes), updated);
  }

  FakeNetwork rolledOutTo(int nodes) {
    return new FakeNetwork(name, size, cut, nodes);
  }

  /** Returns a node's name, such as node2, or worker-0017 in a network of ten or more. */
  String node(int number) {
    return size < 10 ? "node" + number : "worker-%04d".formatted(number);
  }

  /** Returns the network like {@code GET /api/networks/NAME}, without the mesh. */
  JsonNode withoutMesh() {
    ObjectNode network =
        JSON.createObjectNode().put("name", name).put("generation", 3).put("deleting", false);
    ObjectNode spec = network.putObject("spec").put("cidr", "10.244.0.0/16");
    spec.putObject("backend").put("type", "ipip");
    network.set("status", Serialization.jsonMapper().valueToTree(status()));
    network.set("nodes", Serialization.jsonMapper().valueToTree(nodes()));
    return network;
  }

  /** Returns the data of the {@code mesh} event. */
  JsonNode mesh() {
    List<String> names = IntStream.rangeClosed(1, size).mapToObj(this::node).toList();
    var plan = ProbePlan.of(names);
    var random = new Random(size);
    ObjectNode mesh = JSON.createObjectNode();
    names.forEach(mesh.putArray("nodes")::add);
    ArrayNode probes = mesh.putArray("probes");
    for (int from = 1; from <= size; from++) {
      for (String peer : plan.peersOf(node(from))) {
        int to = names.indexOf(peer) + 1;
        boolean lost = cut.contains(from) || cut.contains(to);
        boolean lossy = !lost && size > 10 && random.nextInt(250) == 0;
        boolean fullSize = !lost && !lossy && size > 10 && random.nextInt(500) == 0;
        int rtt = 300 + (int) Math.abs(random.nextGaussian() * 300);
        ArrayNode probe = probes.addArray().add(from - 1).add(to - 1);
        probe.add(lost ? "overlayLost" : lossy ? "lossy" : fullSize ? "fullSizeLost" : "passes");
        probe.add(lost ? 100 : lossy ? 1 + random.nextInt(40) : 0);
        if (lost) {
          probe.addNull();
        } else {
          probe.add(rtt);
        }
      }
    }
    return mesh;
  }

  /**
   * Returns the result of {@code GET …/path}; null if the network does not have one of the nodes.
   */
  @Nullable JsonNode path(@Nullable String from, @Nullable String to) {
    int sender = number(from);
    int receiver = number(to);
    return sender == 0 || receiver == 0
        ? null
        : new FakePath(node(sender), node(receiver), sender, receiver)
            .json(
                cut.contains(sender) || cut.contains(receiver)
                    ? Optional.of(new FakePath.Cause(PROBLEM.reason(), PROBLEM.between(), REMEDY))
                    : Optional.empty());
  }

  private int number(@Nullable String node) {
    return IntStream.rangeClosed(1, size)
        .filter(number -> node(number).equals(node))
        .findFirst()
        .orElse(0);
  }

  private FlannelNetworkStatus status() {
    boolean rolling = updated < size;
    String reach = "%d of %d nodes reach no peer".formatted(cut.size(), size);
    String progress = "%d of %d nodes run the present configuration".formatted(updated, size);
    List<Problem> problems =
        cut.isEmpty()
            ? List.of()
            : List.of(
                new Problem(
                    PROBLEM.reason(),
                    "node %s %s".formatted(node(first()), PROBLEM.message()),
                    cut.stream().sorted().map(this::node).toList(),
                    ago(4),
                    REMEDY));
    return new FlannelNetworkStatus(
        3L,
        List.of(
            condition("Accepted", true, "Accepted", "the spec can be carried out on this cluster"),
            rolling
                ? condition("Ready", false, "RollingOut", progress)
                : cut.isEmpty()
                    ? condition(
                        "Ready",
                        true,
                        "AllNodesLeased",
                        "%d of %d nodes have a lease and run the present configuration"
                            .formatted(size, size))
                    : condition("Ready", false, "TunnelsUnhealthy", reach),
            cut.isEmpty()
                ? condition("TunnelsHealthy", true, "AllHealthy", "packets pass between all nodes")
                : condition("TunnelsHealthy", false, PROBLEM.reason(), reach),
            condition("Reconciling", rolling, rolling ? "RollingOut" : "Done", progress),
            condition("Stalled", false, "NotStalled", "nothing hinders it")),
        new Applied(BackendType.IPIP, false, "10.244.0.0/16", null, 1480, "5f8d1c2e", "v0.28.10"),
        null,
        RolloutBuilder.in(rolling ? Rollout.Phase.PROGRESSING : Rollout.Phase.COMPLETE)
            .updated(updated)
            .total(size)
            .from(rolling ? "77aa10f3" : null)
            .to("5f8d1c2e")
            .startedAt(ago(67))
            .progressedAt(ago(rolling ? 1 : 65))
            .expectedEnd(rolling ? ago(-6) : null)
            .message(
                rolling
                    ? progress + "; %s waits: its pod is starting".formatted(node(updated + 1))
                    : "every node runs the present configuration")
            .get(),
        new Summary(size, size, size - cut.size(), 0, cut.size(), 0),
        null,
        null,
        problems,
        null);
  }

  /** Returns the nodes, worst first. */
  private List<NodeStatus> nodes() {
    return IntStream.rangeClosed(1, size)
        .boxed()
        .sorted((a, b) -> Boolean.compare(cut.contains(b), cut.contains(a)))
        .map(
            number -> {
              boolean lost = cut.contains(number);
              int peers =
                  ProbePlan.of(IntStream.rangeClosed(1, size).mapToObj(this::node).toList())
                          .complete()
                      ? size - 1
                      : 16;
              return new NodeStatus(
                  node(number),
                  true,
                  size < 250
                      ? "10.244.%d.0/24".formatted(number)
                      : "10.244.%d.%d/26".formatted(number / 4, number % 4 * 64),
                  null,
                  "192.168.%d.%d".formatted(number / 200, (size < 10 ? 80 : 0) + number % 200 + 1),
                  "ipip",
                  "flannel.ipip",
                  1480,
                  lost ? Tunnel.DOWN : Tunnel.HEALTHY,
                  lost ? PROBLEM.reason() : null,
                  lost ? null : "0.%dms".formatted(3 + number % 5),
                  lost ? null : "%d.%dms".formatted(1 + number % 3, number % 10),
                  "%d/%d".formatted(lost ? 0 : peers, peers),
                  lost ? ago(4) : null);
            })
        .toList();
  }

  private int first() {
    return cut.stream().sorted().findFirst().orElseThrow();
  }

  private static StatusCondition condition(
      String type, boolean holds, String reason, String message) {
    return new StatusCondition(
        type, holds ? Status.TRUE : Status.FALSE, reason, message, ago(4), 3L);
  }

  private static String ago(int minutes) {
    return Instant.now()
        .minus(minutes, ChronoUnit.MINUTES)
        .truncatedTo(ChronoUnit.SECONDS)
        .toString();
  }
}
