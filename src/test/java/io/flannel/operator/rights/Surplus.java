package io.flannel.operator.rights;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A right that an account does not need, and the reason. */
public record Surplus(Right right, String why) {
  /**
   * Returns the rights without which every use would have been allowed as well.
   *
   * @param granted all that the account holds
   * @param held those that it needs for another reason than using them, such as to grant them: they
   *     are not checked, and make no other right superfluous
   */
  public static List<Surplus> in(Collection<Right> granted, Collection<Right> held, Set<Use> uses) {
    return granted.stream()
        .filter(right -> !held.contains(right))
        .flatMap(
            right -> {
              List<Right> others =
                  granted.stream().filter(it -> it != right && !held.contains(it)).toList();
              return surplus(right, others, uses).stream();
            })
        .toList();
  }

  private static Optional<Surplus> surplus(Right right, List<Right> others, Set<Use> uses) {
    List<Use> its = uses.stream().filter(right::covers).toList();
    if (its.isEmpty()) {
      return Optional.of(new Surplus(right, "was never used"));
    }
    boolean needed =
        its.stream().anyMatch(use -> others.stream().noneMatch(other -> other.covers(use)));
    return needed
        ? Optional.empty()
        : Optional.of(
            new Surplus(
                right,
                "was used only for what "
                    + others.stream().filter(it -> its.stream().anyMatch(it::covers)).toList()
                    + " allows, too"));
  }

  /** Returns the uses that none of these rights allows: if any, the log was not made with them. */
  public static List<Use> beyond(Collection<Right> granted, Set<Use> uses) {
    return uses.stream().filter(use -> granted.stream().noneMatch(it -> it.covers(use))).toList();
  }

  @Override
  public String toString() {
    return "the right to " + right + " " + why;
  }
}
