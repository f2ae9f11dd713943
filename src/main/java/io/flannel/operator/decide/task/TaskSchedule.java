package io.flannel.operator.decide.task;

import static java.util.stream.Collectors.groupingBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What to do about the tasks of one kind. It is decided from their pods, the only record of earlier
 * attempts. A pod that ended stays until the next attempt or until its node needs no task.
 *
 * @param starts the pods to create
 * @param deletions names of the pods to delete
 * @param done results of the tasks that did everything, by node
 * @param failed why the last attempt failed, by node
 * @param lookAgain delay before the requeue; empty if nothing changes without an event
 */
public record TaskSchedule(
    List<Start> starts,
    List<String> deletions,
    SortedMap<String, TaskResult> done,
    SortedMap<String, String> failed,
    Optional<Duration> lookAgain) {

  /**
   * Reason, in one word for programs, why a change or a network waits for tasks that are still
   * running.
   */
  public static final String WAITING = "WaitingForNodeTasks";

  /** Give up on a pod after this long: a working kubelet ends it long before. */
  public static final Duration PATIENCE = Duration.ofMinutes(5);

  /** After this long a pod no longer keeps others from starting: its image may be unavailable. */
  private static final Duration SLOW = Duration.ofMinutes(1);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);

  /** A pod to create. */
  public record Start(String node, int attempt) {}

  /**
   * A task's pod.
   *
   * @param taskHash hash of the task's input
   * @param attempt counted from 1
   * @param since when the pod ended, or was created if it has not
   * @param result the task's result; empty if the pod has not ended
   * @param state how far a pod is that has not ended, such as why it does not start; may be empty
   */
  public record SeenPod(
      String name,
      String node,
      String taskHash,
      int attempt,
      Instant since,
      Optional<TaskResult> result,
      String state) {}

  /**
   * Decides which pods to create and delete.
   *
   * @param tasks hash of each task's input, by node
   * @param pods the pods of this kind of task
   * @param atOnce maximum number of tasks that run at a time
   * @param repeat delay before a task that did everything runs again if it is still wanted; empty
   *     if it does not
   */
  public static TaskSchedule of(
      SortedMap<String, String> tasks,
      List<SeenPod> pods,
      int atOnce,
      Optional<Duration> repeat,
      Instant now) {
    Map<String, List<SeenPod>> byNode = pods.stream().collect(groupingBy(SeenPod::node));
    var schedule = new Builder(tasks, repeat, now);
    byNode.forEach(schedule::existing);
    tasks.keySet().stream()
        .filter(node -> !byNode.containsKey(node))
        .forEach(node -> schedule.wish(node, 1));
    return schedule.build(atOnce);
  }

  /**
   * Returns the schedule after the API server rejected pods.
   *
   * @param refused why, by node
   * @param pause delay before these pods are tried again
   */
  public TaskSchedule refused(SortedMap<String, String> refused, Duration pause) {
    if (refused.isEmpty()) {
      return this;
    }
    SortedMap<String, String> failures = new TreeMap<>(failed);
    failures.putAll(refused);
    return new TaskSchedule(
        starts.stream().filter(start -> !refused.containsKey(start.node())).toList(),
        deletions,
        done,
        failures,
        Stream.concat(Stream.of(pause), lookAgain.stream()).min(Comparator.naturalOrder()));
  }

  private static final class Builder {
    private final SortedMap<String, String> tasks;
    private final Optional<Duration> repeat;
    private final Instant now;
    private final List<Start> wishes = new ArrayList<>();
    private final List<String> deletions = new ArrayList<>();
    private final SortedMap<String, TaskResult> done = new TreeMap<>();
    private final SortedMap<String, String> failed = new TreeMap<>();
    private final List<Duration> looks = new ArrayList<>();
    private int running;

    Builder(SortedMap<String, String> tasks, Optional<Duration> repeat, Instant now) {
      this.tasks = tasks;
      this.repeat = repeat;
      this.now = now;
    }

    void existing(String node, List<SeenPod> pods) {
      SeenPod last = pods.stream().max(Comparator.comparingInt(SeenPod::attempt)).orElseThrow();
      pods.stream().filter(pod -> !pod.equals(last)).map(SeenPod::name).forEach(deletions::add);
      if (last.result().isEmpty()) {
        unfinished(node, last);
      } else if (tasks.containsKey(node)) {
        finished(node, last, last.result().get());
      } else {
        deletions.add(last.name());
      }
    }

    private void unfinished(String node, SeenPod pod) {
      Instant overdue = pod.since().plus(PATIENCE);
      if (now.isBefore(overdue)) {
        Instant slow = pod.since().plus(SLOW);
        if (now.isBefore(slow)) {
          running++;
          looks.add(Duration.between(now, slow));
        }
        looks.add(Duration.between(now, overdue));
        return;
      }
      if (!tasks.containsKey(node)) {
        deletions.add(pod.name());
        return;
      }
      again(
          node,
          pod.attempt(),
          overdue,
          "its pod %s did not end within %d minutes%s"
              .formatted(
                  pod.name(),
                  PATIENCE.toMinutes(),
                  pod.state().isEmpty() ? "" : ": " + pod.state()));
    }

    private void finished(String node, SeenPod pod, TaskResult result) {
      boolean same = pod.taskHash().equals(tasks.get(node));
      if (!result.done()) {
        again(node, pod.attempt(), pod.since(), result.said());
      } else if (!same) {
        wish(node, pod.attempt() + 1);
      } else {
        done.put(node, result);
        repeat.ifPresent(pause -> at(pod.since().plus(pause), node, pod.attempt() + 1));
      }
    }

    private void again(String node, int attempt, Instant ended, String why) {
      failed.put(node, why);
      at(ended.plus(pause(attempt)), node, attempt + 1);
    }

    private void at(Instant due, String node, int attempt) {
      if (now.isBefore(due)) {
        looks.add(Duration.between(now, due));
      } else {
        wish(node, attempt);
      }
    }

    void wish(String node, int attempt) {
      wishes.add(new Start(node, attempt));
    }

    TaskSchedule build(int atOnce) {
      List<Start> starts =
          wishes.stream()
              .sorted(Comparator.comparing(Start::node))
              .limit(Math.max(0, atOnce - running))
              .toList();
      return new TaskSchedule(
          starts, deletions, done, failed, looks.stream().min(Comparator.naturalOrder()));
    }
  }

  private static Duration pause(int attempt) {
    // Doubling six times already exceeds the longest pause.
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(attempt - 1, 6));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }
}
