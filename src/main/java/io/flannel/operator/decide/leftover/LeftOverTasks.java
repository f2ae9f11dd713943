package io.flannel.operator.decide.leftover;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Inputs of the tasks that remove left-overs, by node. The ranges of all nodes make up most of each
 * input, and every node may need one. So this list is stored once, and a node's input is built when
 * it is needed.
 *
 * @param common what all inputs share; the live ranges include each node's own
 * @param nodes what is specific to each node
 */
public record LeftOverTasks(LeftOverTask common, SortedMap<String, Own> nodes) {
  public static final LeftOverTasks NONE =
      new LeftOverTasks(
          new LeftOverTask(List.of(), List.of(), List.of()), Collections.emptySortedMap());

  /** Maximum length of an input, in characters: Linux limits an environment variable to 128 KiB. */
  private static final int LIMIT = 100_000;

  /**
   * What is specific to one node.
   *
   * @param podCidrs the node's own range in each of the common input's ranges
   * @param gone ranges of deleted nodes
   */
  public record Own(List<String> podCidrs, List<String> gone) {}

  public LeftOverTasks {
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
  }

  /**
   * Returns a node's input as JSON, without the live ranges if it would be too long.
   *
   * @param node one of {@link #nodes}
   */
  public String json(String node) {
    String all = order(node).json();
    return all.length() <= LIMIT ? all : withoutLive(order(node)).json();
  }

  /** Whether left-overs divert packets, so that they should go from all nodes at about one time. */
  public boolean diverted() {
    return common.ranges().stream().anyMatch(range -> range.networkDevice() != null);
  }

  /** Returns a short text that changes with the node's own part of the input. */
  public String identity(String node) {
    return String.valueOf(nodes.get(node));
  }

  private LeftOverTask order(String node) {
    Own own = own(node);
    List<LeftOverTask.Range> ranges = common.ranges();
    return new LeftOverTask(
        common.devices(),
        IntStream.range(0, ranges.size())
            .mapToObj(i -> ranges.get(i).of(own.podCidrs().get(i)))
            .toList(),
        own.gone());
  }

  private Own own(String node) {
    Own own = nodes.get(node);
    if (own == null) {
      throw new IllegalArgumentException("nothing is to be removed from node " + node);
    }
    return own;
  }

  /**
   * Omits the live ranges if they are too many. Then no route counts as leading to a deleted node.
   */
  private static LeftOverTask withoutLive(LeftOverTask order) {
    return new LeftOverTask(
        order.devices(),
        order.ranges().stream().map(LeftOverTask.Range::withoutLive).toList(),
        List.of());
  }
}
