package io.flannel.operator.decide.leftover;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What the tasks that remove left-overs are told, by node. The ranges of all nodes are most of each
 * order, and every node may need one: so there is one list of them here, and an order is made only
 * when it is asked for.
 *
 * @param common the order without what is one node's alone; the nodes' own ranges are among the
 *     live ones
 * @param nodes what is one node's alone
 */
public record LeftOverTasks(LeftOverTask common, SortedMap<String, Own> nodes) {
  /** There are none. */
  public static final LeftOverTasks NONE =
      new LeftOverTasks(
          new LeftOverTask(List.of(), List.of(), List.of()), Collections.emptySortedMap());

  /** Maximum length of an order: Linux takes 128 KiB of an environment variable. */
  private static final int LIMIT = 100_000;

  /**
   * What is one node's alone.
   *
   * @param podCidrs its own range in each of the common order's ranges
   * @param gone ranges that nodes had which are gone
   */
  public record Own(List<String> podCidrs, List<String> gone) {}

  public LeftOverTasks {
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
  }

  /**
   * A node's order, as it travels there.
   *
   * @param node one of {@link #nodes}
   */
  public String json(String node) {
    String all = order(node).json();
    return all.length() <= LIMIT ? all : withoutLive(order(node)).json();
  }

  /** What tells a node's order from any other: as short as the order is long. */
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

  /** Too many to name: then no route counts as one to a node that is gone. */
  private static LeftOverTask withoutLive(LeftOverTask order) {
    return new LeftOverTask(
        order.devices(),
        order.ranges().stream().map(LeftOverTask.Range::withoutLive).toList(),
        List.of());
  }
}
