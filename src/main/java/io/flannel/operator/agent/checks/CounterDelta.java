package io.flannel.operator.agent.checks;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** How much a counter grew within a time window. */
final class CounterDelta {
  private record Sample(long nanos, long value) {}

  private final long window;
  private final Deque<Sample> samples = new ArrayDeque<>();

  CounterDelta(Duration window) {
    this.window = window.toNanos();
  }

  /**
   * Records a value.
   *
   * @param nanos of a monotonic clock
   */
  void add(long nanos, long value) {
    if (!samples.isEmpty() && value < samples.getLast().value()) {
      // The device was recreated: earlier values say nothing about it.
      samples.clear();
    }
    samples.addLast(new Sample(nanos, value));
    while (samples.size() > 1 && nanos - second().nanos() >= window) {
      samples.removeFirst();
    }
  }

  /**
   * Growth since the latest sample that is at least as old as the window, or else since the first.
   */
  long inWindow() {
    return samples.isEmpty() ? 0 : samples.getLast().value() - samples.getFirst().value();
  }

  /** Whether the samples reach back as far as the window. */
  boolean isFull() {
    return !samples.isEmpty() && samples.getLast().nanos() - samples.getFirst().nanos() >= window;
  }

  private Sample second() {
    var iterator = samples.iterator();
    iterator.next();
    return iterator.next();
  }
}
