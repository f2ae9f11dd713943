package io.flannel.operator.decide.preflight;

import io.flannel.operator.decide.preflight.Preflight.Outcome.Ended;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/**
 * The paths between nodes on which a pre-flight's beacons were lost.
 *
 * @param dropped by pair that tried, where all beacons were lost
 * @param fullSize by pair that tried, where only the full-size ones were lost
 * @param apart pairs that cannot be judged because their pods did not run at the same time
 */
record PreflightLosses(Map<Pair, Loss> dropped, Map<Pair, Loss> fullSize, SortedSet<Pair> apart) {
  /** Maximum number of places that a message names. */
  private static final int NAMED_PAIRS = 5;

  /** Two nodes, sorted by name. */
  record Pair(String a, String b) implements Comparable<Pair> {
    static Pair of(String one, String other) {
      return one.compareTo(other) < 0 ? new Pair(one, other) : new Pair(other, one);
    }

    @Override
    public int compareTo(Pair other) {
      int byFirst = a.compareTo(other.a);
      return byFirst != 0 ? byFirst : b.compareTo(other.b);
    }

    @Override
    public String toString() {
      return "between %s and %s".formatted(a, b);
    }
  }

  /**
   * What was lost of what two nodes tried.
   *
   * @param senders the nodes whose beacons were lost
   * @param families the families in which they were lost
   * @param tried all families that were tried
   */
  record Loss(SortedSet<String> senders, Set<Cidr.Family> families, Set<Cidr.Family> tried) {
    Loss() {
      this(new TreeSet<>(), EnumSet.noneOf(Cidr.Family.class), EnumSet.noneOf(Cidr.Family.class));
    }

    boolean any() {
      return !senders.isEmpty();
    }
  }

  /** Collects what the nodes found. A pair counts only if both its nodes ended. */
  static PreflightLosses of(SortedMap<String, Ended> ended) {
    SortedMap<Pair, Loss> dropped = new TreeMap<>();
    SortedMap<Pair, Loss> fullSize = new TreeMap<>();
    SortedSet<Pair> apart = new TreeSet<>();
    Set<Pair> direct = direct(ended);
    ended.forEach(
        (node, it) -> {
          List<PreflightTask.Peer> peers = it.task().peers();
          for (int place = 0; place < peers.size(); place++) {
            PreflightTask.Peer peer = peers.get(place);
            Ended other = ended.get(peer.name());
            Pair pair = Pair.of(node, peer.name());
            if (other == null || direct.contains(pair)) {
              continue;
            }
            boolean silent = it.result().silent().contains(place);
            if (silent && !overlap(it.result(), other.result())) {
              apart.add(pair);
              continue;
            }
            Cidr.Family family = Cidr.ofAddress(peer.address()).family();
            note(dropped, pair, peer.name(), family, silent);
            note(fullSize, pair, peer.name(), family, it.result().smallOnly().contains(place));
          }
        });
    return new PreflightLosses(dropped, fullSize, apart);
  }

  /** Returns only the new losses; all of them if nothing passed between any pair. */
  PreflightLosses since(LossBaseline before) {
    return lost(dropped).size() == dropped.size()
        ? this
        : new PreflightLosses(
            without(dropped, before::all), without(fullSize, before::fullSize), apart);
  }

  private static SortedMap<Pair, Loss> without(
      Map<Pair, Loss> pairs, BiPredicate<Pair, Set<Cidr.Family>> known) {
    SortedMap<Pair, Loss> others = new TreeMap<>(pairs);
    others.entrySet().removeIf(it -> known.test(it.getKey(), it.getValue().families()));
    return others;
  }

  /** Whether nothing was lost. */
  boolean none() {
    return lost(dropped).isEmpty() && lost(fullSize).isEmpty();
  }

  /** Returns the pairs that lost anything. */
  static SortedMap<Pair, Loss> lost(Map<Pair, Loss> pairs) {
    SortedMap<Pair, Loss> lost = new TreeMap<>(pairs);
    lost.values().removeIf(loss -> !loss.any());
    return lost;
  }

  /**
   * Describes where packets were lost: first nodes with all of their peers, then the other pairs.
   */
  static String named(Map<Pair, Loss> pairs) {
    SortedMap<Pair, Loss> lost = lost(pairs);
    Set<String> all = nodes(pairs.keySet());
    Set<String> cutOff = new TreeSet<>(all);
    cutOff.removeIf(node -> of(node, lost).size() < Math.max(2, of(node, pairs).size()));
    if (cutOff.equals(all) && !all.isEmpty()) {
      return "between any two of the %d nodes".formatted(all.size());
    }
    List<String> places = new ArrayList<>();
    for (String node : cutOff) {
      places.add(withAll(node, of(node, lost).values()));
    }
    lost.forEach(
        (pair, loss) -> {
          if (!cutOff.contains(pair.a()) && !cutOff.contains(pair.b())) {
            places.add(way(pair, loss));
          }
        });
    int more = places.size() - NAMED_PAIRS;
    return String.join(", ", places.subList(0, Math.min(NAMED_PAIRS, places.size())))
        + (more > 0 ? " and %d more".formatted(more) : "");
  }

  private static String withAll(String node, Collection<Loss> losses) {
    if (losses.stream().allMatch(loss -> loss.senders().equals(Set.of(node)))) {
      return "from %s to all its peers".formatted(node);
    }
    return losses.stream().noneMatch(loss -> loss.senders().contains(node))
        ? "from all its peers to %s".formatted(node)
        : "between %s and all its peers".formatted(node);
  }

  private static String way(Pair pair, Loss loss) {
    String sender = loss.senders().first();
    String families =
        loss.families().equals(loss.tried()) ? "" : " by " + loss.families().iterator().next();
    return (loss.senders().size() > 1
            ? pair.toString()
            : "from %s to %s".formatted(sender, sender.equals(pair.a()) ? pair.b() : pair.a()))
        + families;
  }

  private static Set<String> nodes(Set<Pair> pairs) {
    Set<String> nodes = new TreeSet<>();
    pairs.forEach(pair -> nodes.addAll(List.of(pair.a(), pair.b())));
    return nodes;
  }

  private static SortedMap<Pair, Loss> of(String node, Map<Pair, Loss> pairs) {
    SortedMap<Pair, Loss> own = new TreeMap<>();
    pairs.forEach(
        (pair, loss) -> {
          if (pair.a().equals(node) || pair.b().equals(node)) {
            own.put(pair, loss);
          }
        });
    return own;
  }

  private static void note(
      SortedMap<Pair, Loss> pairs, Pair pair, String sender, Cidr.Family family, boolean lost) {
    Loss loss = pairs.computeIfAbsent(pair, it -> new Loss());
    loss.tried().add(family);
    if (lost) {
      loss.senders().add(sender);
      loss.families().add(family);
    }
  }

  /**
   * Returns the pairs of which a node needs no encapsulation: it tries none, and the other hears
   * nothing.
   */
  private static Set<Pair> direct(SortedMap<String, Ended> ended) {
    Set<Pair> direct = new TreeSet<>();
    ended.forEach(
        (node, it) ->
            it.result()
                .direct()
                .forEach(place -> direct.add(Pair.of(node, it.task().peers().get(place).name()))));
    return direct;
  }

  /**
   * Whether two pods ran together for long enough, by their nodes' clocks. If these differ much,
   * silence may not count.
   */
  private static boolean overlap(PreflightResult one, PreflightResult other) {
    long together = Math.min(one.ended(), other.ended()) - Math.max(one.began(), other.began());
    return together >= Preflight.LEAST_OVERLAP.toMillis();
  }
}
