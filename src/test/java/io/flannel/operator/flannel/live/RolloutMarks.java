package io.flannel.operator.flannel.live;

import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Annotations of a rollout for tests: {@code marks("b").previous("a").get()}. */
public final class RolloutMarks {
  private final String revision;
  private @Nullable Instant changedAt;
  private @Nullable String previous;
  private Set<String> unhealthyBefore = Set.of();
  private @Nullable RolledBack rolledBack;
  private boolean cuts;

  private RolloutMarks(String revision) {
    this.revision = revision;
  }

  /** Starts with a template that was written at an unknown time and follows no other. */
  public static RolloutMarks marks(String revision) {
    return new RolloutMarks(revision);
  }

  public RolloutMarks changedAt(Instant time) {
    changedAt = time;
    return this;
  }

  public RolloutMarks previous(String before) {
    previous = before;
    return this;
  }

  public RolloutMarks unhealthyBefore(String... nodes) {
    unhealthyBefore = Set.of(nodes);
    return this;
  }

  public RolloutMarks rolledBack(RolledBack failed) {
    rolledBack = failed;
    return this;
  }

  public RolloutMarks cuts() {
    cuts = true;
    return this;
  }

  public RolloutAnnotations get() {
    return new RolloutAnnotations(
        revision,
        Optional.ofNullable(changedAt),
        Optional.ofNullable(previous),
        unhealthyBefore,
        Optional.ofNullable(rolledBack),
        cuts);
  }
}
