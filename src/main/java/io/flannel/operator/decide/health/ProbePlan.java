package io.flannel.operator.decide.health;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Which nodes probe each other: all of them, up to {@link #FULL_MESH} nodes. With more, the nodes
 * form a ring sorted by name, and each probes its {@link #NEIGHBOURS} neighbours on both sides.
 * Each is probed by the nodes that it probes, and a node that joins or leaves changes only its
 * neighbours' peers.
 *
 * @param names the nodes, sorted
 */
public record ProbePlan(List<String> names) {
  /**
   * Maximum number of nodes that all probe each other: n nodes send n·(n−1) probes per interval.
   */
  public static final int FULL_MESH = 64;

  /** Number of neighbours to probe on each side. */
  public static final int NEIGHBOURS = 8;

  /** Returns the plan for these nodes, in whatever order they come. */
  public static ProbePlan of(Collection<String> nodes) {
    return new ProbePlan(nodes.stream().distinct().sorted().toList());
  }

  /** Whether every node probes every other. */
  public boolean complete() {
    return names.size() <= FULL_MESH;
  }

  /** Returns the nodes that this one probes, sorted; empty if it is not in the plan. */
  public List<String> peersOf(String name) {
    int self = Collections.binarySearch(names, name);
    if (self < 0) {
      return List.of();
    }
    List<String> peers = new ArrayList<>();
    if (complete()) {
      peers.addAll(names);
      peers.remove(self);
      return peers;
    }
    for (int distance = 1; distance <= NEIGHBOURS; distance++) {
      peers.add(names.get(Math.floorMod(self - distance, names.size())));
      peers.add(names.get(Math.floorMod(self + distance, names.size())));
    }
    Collections.sort(peers);
    return peers;
  }
}
