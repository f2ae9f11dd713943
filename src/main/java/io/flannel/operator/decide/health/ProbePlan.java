package io.flannel.operator.decide.health;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Who probes whom: everyone everyone, up to {@link #FULL_MESH} nodes. Beyond, the nodes stand in a
 * ring in the order of their names, and each probes its {@link #NEIGHBOURS} neighbours on both
 * sides: as many probe it, the same ones, and a node that comes or goes changes only theirs.
 *
 * @param names the nodes, sorted
 */
public record ProbePlan(List<String> names) {
  /** So many nodes probe each other all; n nodes send n·(n−1) probes an interval. */
  public static final int FULL_MESH = 64;

  /** So many neighbours on each side. */
  public static final int NEIGHBOURS = 8;

  /** The plan for these nodes, in whatever order they come. */
  public static ProbePlan of(Collection<String> nodes) {
    return new ProbePlan(nodes.stream().distinct().sorted().toList());
  }

  /** Whether every node probes every other. */
  public boolean complete() {
    return names.size() <= FULL_MESH;
  }

  /** The nodes that this one probes, sorted; none if it is not in the plan. */
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
