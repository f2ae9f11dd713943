package io.flannel.operator.testing.cluster;

import io.flannel.operator.testing.operator.OperatorProcess;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One operator for all tests of a class, none of which may cause a stack trace. Register it after
 * its cluster.
 */
public final class RunningOperator implements BeforeAllCallback, AfterAllCallback {
  private final TestCluster cluster;
  private final UnaryOperator<OperatorProcess> more;
  private @Nullable OperatorProcess process;

  public RunningOperator(TestCluster cluster) {
    this(cluster, operator -> operator);
  }

  /** Runs an operator with changes, such as to its environment. */
  public RunningOperator(TestCluster cluster, UnaryOperator<OperatorProcess> more) {
    this.cluster = cluster;
    this.more = more;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    process = more.apply(cluster.operator()).start().awaitReady();
    cluster.runs(process);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (process == null) {
      return; // It did not start, which beforeAll has reported.
    }
    process.close();
    if (!process.stackTraces().isEmpty()) {
      throw new AssertionError("The operator printed stack traces: " + process.stackTraces());
    }
  }

  /** Returns the operator; a test that stops it has to restart it. */
  public OperatorProcess process() {
    return Objects.requireNonNull(process, "the operator did not start");
  }
}
