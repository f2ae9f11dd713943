package io.flannel.operator.report;

import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.SaidTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Builds a status' conditions in a fixed order. Each has the time at which its status, not its
 * message, last changed.
 */
final class ConditionSet {
  private final List<StatusCondition> before;
  private final long generation;
  private final Instant now;
  private final List<StatusCondition> after = new ArrayList<>();

  ConditionSet(List<StatusCondition> before, long generation, Instant now) {
    this.before = before;
    this.generation = generation;
    this.now = now;
  }

  ConditionSet add(String type, boolean holds, String reason, String message) {
    return add(type, holds ? Status.TRUE : Status.FALSE, reason, message);
  }

  ConditionSet add(String type, Status status, String reason, String message) {
    @Nullable String since =
        before.stream()
            .filter(one -> one.type().equals(type) && one.status() == status)
            .map(StatusCondition::lastTransitionTime)
            .findFirst()
            .orElse(null);
    after.add(
        new StatusCondition(
            type, status, reason, message, SaidTime.orElse(since, now), generation));
    return this;
  }

  List<StatusCondition> list() {
    return List.copyOf(after);
  }
}
