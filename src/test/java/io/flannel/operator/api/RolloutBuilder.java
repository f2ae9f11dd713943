package io.flannel.operator.api;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import org.jspecify.annotations.Nullable;

/** What a status says of a rollout, for tests; it has only what it is given. */
public final class RolloutBuilder {
  private final Phase phase;
  private @Nullable Integer updated;
  private @Nullable Integer total;
  private @Nullable String from;
  private @Nullable String to;
  private @Nullable String startedAt;
  private @Nullable String progressedAt;
  private @Nullable String expectedEnd;
  private @Nullable String message;

  private RolloutBuilder(Phase phase) {
    this.phase = phase;
  }

  public static RolloutBuilder in(Phase phase) {
    return new RolloutBuilder(phase);
  }

  public RolloutBuilder updated(int nodes) {
    updated = nodes;
    return this;
  }

  public RolloutBuilder total(int nodes) {
    total = nodes;
    return this;
  }

  public RolloutBuilder from(@Nullable String hash) {
    from = hash;
    return this;
  }

  public RolloutBuilder to(String hash) {
    to = hash;
    return this;
  }

  public RolloutBuilder startedAt(String time) {
    startedAt = time;
    return this;
  }

  public RolloutBuilder progressedAt(String time) {
    progressedAt = time;
    return this;
  }

  public RolloutBuilder expectedEnd(@Nullable String time) {
    expectedEnd = time;
    return this;
  }

  public RolloutBuilder message(String text) {
    message = text;
    return this;
  }

  public Rollout get() {
    return new Rollout(
        phase, updated, total, from, to, startedAt, progressedAt, expectedEnd, message);
  }
}
