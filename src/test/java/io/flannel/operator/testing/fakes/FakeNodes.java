package io.flannel.operator.testing.fakes;

import io.flannel.operator.testing.cluster.TestCluster;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Nodes {@code node-1} and so on for each test, on which {@link FakeKubelets} simulate everything
 * that would run there. Register it after its cluster.
 */
public final class FakeNodes implements BeforeEachCallback, AfterEachCallback {
  private final TestCluster cluster;
  private final int count;
  private @Nullable FakeKubelets kubelets;

  public FakeNodes(TestCluster cluster, int count) {
    this.cluster = cluster;
    this.count = count;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    cluster.nodes(count);
    kubelets = FakeKubelets.on(cluster);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (kubelets != null) {
      kubelets.close();
    }
  }

  public FakeAgents agents() {
    return kubelets().agents();
  }

  /** Returns all nodes' pre-flight pods. */
  public FakePreflights preflights() {
    return kubelets().preflights();
  }

  /** Keeps this node's new flannel pods from starting from now on. */
  public void broken(String node) {
    kubelets().broken(node);
  }

  /** Lets the node's pods start again. */
  public void mended(String node) {
    kubelets().mended(node);
  }

  private FakeKubelets kubelets() {
    return Objects.requireNonNull(kubelets, "no test has begun");
  }
}
