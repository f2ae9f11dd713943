package io.flannel.operator.agent.tasks;

import io.flannel.operator.agent.Log;
import io.flannel.operator.agent.checks.Iproute2;
import io.flannel.operator.agent.tasks.preflight.PreflightTaskRun;
import io.flannel.operator.decide.task.TaskResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The main class of a task's pod.
 *
 * <p>Environment: {@code TASK_KIND} is the kind. {@code TASK} says what to do, in that kind's JSON.
 * {@code RESULT_FILE} (optional) is the file for the result; the default is where kubelet expects
 * the termination message.
 */
public final class NodeTask {
  /** Kubernetes' default of {@code terminationMessagePath}. */
  private static final String RESULT_FILE = "/dev/termination-log";

  private NodeTask() {}

  /** One kind of task. */
  interface Task {
    /**
     * Carries out the task.
     *
     * @param task what to do, in the kind's own JSON
     * @throws IllegalArgumentException if it can't be read
     */
    TaskResult run(String task);
  }

  /** Exits with 0 if everything was done, else with 1. */
  public static void main(String[] args) throws IOException {
    Map<String, String> environment = System.getenv();
    TaskResult result =
        run(environment.getOrDefault("TASK_KIND", ""), environment.getOrDefault("TASK", ""));
    if (result.done()) {
      Log.info(NodeTask.class, result.said());
    } else {
      Log.warn(NodeTask.class, result.said());
    }
    Files.writeString(
        Path.of(environment.getOrDefault("RESULT_FILE", RESULT_FILE)), result.message());
    System.exit(result.done() ? 0 : 1);
  }

  private static TaskResult run(String kind, String task) {
    try {
      return switch (kind) {
        case "left-overs" -> {
          try (Iproute2 iproute2 = Iproute2.installed()) {
            yield new LeftOversTask(iproute2, Commands.ofThisNode()).run(task);
          }
        }
        case "preflight" -> PreflightTaskRun.run(task);
        default ->
            TaskResult.failed(
                "TASK_KIND is '%s', which this image does not know: are the operator and its node tasks"
                        .formatted(kind)
                    + " of the same version?");
      };
    } catch (IllegalArgumentException e) {
      return TaskResult.failed("TASK can't be used: " + e.getMessage());
    }
  }
}
