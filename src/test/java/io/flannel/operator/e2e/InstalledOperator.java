package io.flannel.operator.e2e;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The operator, installed from its chart before each test class, on the cluster that the class
 * needs. Pods, and flannel itself, stay as the previous class left them, as in a real cluster.
 */
final class InstalledOperator implements BeforeAllCallback {
  static final String NAMESPACE = "flannel-operator";

  @Override
  public void beforeAll(ExtensionContext context) {
    LabClusters.provide(context.getRequiredTestClass());
    install();
  }

  /** Installs or upgrades it, with more arguments for helm. */
  static void install(String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "helm",
                "upgrade",
                "--install",
                "flannel-operator",
                "helm",
                "--namespace",
                NAMESPACE,
                "--create-namespace",
                "--set",
                "image.tag=dev,image.pullPolicy=Never",
                "--wait",
                "--timeout",
                "5m"));
    command.addAll(List.of(more));
    Lab.run(command.toArray(String[]::new));
  }

  /** Uninstalls it if it is installed, and waits until it is gone; flannel stays. */
  static void uninstall() {
    Lab.run(
        "helm",
        "uninstall",
        "flannel-operator",
        "--namespace",
        NAMESPACE,
        "--ignore-not-found",
        "--wait",
        "--timeout",
        "5m");
  }
}
