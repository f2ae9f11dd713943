package io.flannel.operator.report;

import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A status' conditions in the making: in a fixed order, each with the time at which its status (not
 * its words) last changed.
 */
final class ConditionSet {
  /** What the schema takes; what an API server says of an error can be longer. */
  private static final int MESSAGE_LENGTH = 4096;

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
    String since =
        before.stream()
            .filter(one -> one.type().equals(type) && one.status() == status)
            .map(StatusCondition::lastTransitionTime)
            .findFirst()
            .orElse(now.toString());
    after.add(new StatusCondition(type, status, reason, shortened(message), since, generation));
    return this;
  }

  private static String shortened(String message) {
    return message.length() <= MESSAGE_LENGTH
        ? message
        : message.substring(0, MESSAGE_LENGTH - 1) + "…";
  }

  List<StatusCondition> list() {
    return List.copyOf(after);
  }
}
