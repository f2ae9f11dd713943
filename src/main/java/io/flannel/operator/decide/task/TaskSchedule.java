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
 * What is to be done about the tasks of one kind, given their pods: these are all that is known of
 * what was tried. A pod that ended stays until the next attempt or until its node needs no task.
 *
 * @param starts the pods to make
 * @param deletions names of the pods to delete
 * @param done by node, the results of the tasks that did all that was asked
 * @param failed by node, why the last attempt failed
 * @param lookAgain after so long there is something to do without a further event
 */
public record TaskSchedule(
    List<Start> starts,
    List<String> deletions,
    SortedMap<String, TaskResult> done,
    SortedMap<String, String> failed,
    Optional<Duration> lookAgain) {

  /**
   * Why a change, or a network, waits for tasks that are at work yet, in one word, for programs.
   */
  public static final String WAITING = "WaitingForNodeTasks";

  /** A pod that has not ended by then never will: kubelet ends it long before, if there is one. */
  public static final Duration PATIENCE = Duration.ofMinutes(5);

  /** A pod that takes longer, such as one whose image can't be had, keeps no other waiting. */
  private static final Duration SLOW = Duration.ofMinutes(1);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);

  /** A pod to make. */
  public record Start(String node, int attempt) {}

  /**
   * A task's pod.
   *
   * @param taskHash of what it was told
   * @param attempt from 1
   * @param since when it was made, or ended
   * @param result what it came to; empty: it has not ended
   * @param state how far it is, where it has not ended: why it does not start; may be empty
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
   * Decides.
   *
   * @param tasks by node, the hash of what its task is told
   * @param pods those of this kind
   * @param atOnce so many may run at a time
   * @param repeat so long after a task did all, one is made again if it is still asked for
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
   * The same after pods could not be made.
   *
   * @param refused by node, why
   * @param pause so long until they are tried again
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
    // 2^6 of the first is more than the longest already.
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(attempt - 1, 6));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }
}
