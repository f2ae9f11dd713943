package io.flannel.operator.decide.preflight;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a node's pre-flight found, for tests: all peers were heard, but for what it is given. */
public final class PreflightResultBuilder {
  private final long began;
  private final long ended;
  private List<Integer> silent = List.of();
  private List<Integer> smallOnly = List.of();
  private List<Integer> direct = List.of();
  private @Nullable String refused;

  private PreflightResultBuilder(long began, long ended) {
    this.began = began;
    this.ended = ended;
  }

  /** Starts with the time, in milliseconds, in which it listened. */
  public static PreflightResultBuilder heard(long began, long ended) {
    return new PreflightResultBuilder(began, ended);
  }

  public PreflightResultBuilder silent(List<Integer> peers) {
    silent = peers;
    return this;
  }

  public PreflightResultBuilder smallOnly(List<Integer> peers) {
    smallOnly = peers;
    return this;
  }

  public PreflightResultBuilder direct(List<Integer> peers) {
    direct = peers;
    return this;
  }

  /** Sets the error of the node's own kernel, which did not take a packet. */
  public PreflightResultBuilder refused(String error) {
    refused = error;
    return this;
  }

  public PreflightResult get() {
    return new PreflightResult(began, ended, silent, smallOnly, direct, refused, null);
  }
}
