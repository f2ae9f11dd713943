package io.flannel.operator.testing.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.process.Tool;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The real {@code helm}. */
public final class Helm {
  /** The oldest version that the chart supports; without a cluster, helm has to be told one. */
  private static final String OLDEST_KUBERNETES = "1.31.0";

  private Helm() {}

  /**
   * Returns what {@code helm template} renders for some of a chart's templates.
   *
   * @param values such as {@code metrics.enabled=true}
   * @param templates names such as {@code rbac}, for {@code templates/rbac.yaml}
   */
  public static InputStream template(
      String chart, String release, String namespace, List<String> values, List<String> templates) {
    List<String> command = new ArrayList<>();
    command.add(Tool.HELM.path().toString());
    command.addAll(List.of("template", release, chart, "--namespace", namespace));
    command.add("--kube-version=" + OLDEST_KUBERNETES);
    values.forEach(value -> command.addAll(List.of("--set", value)));
    for (String template : templates) {
      command.addAll(List.of("--show-only", "templates/" + template + ".yaml"));
    }
    return new ByteArrayInputStream(run(new ProcessBuilder(command)));
  }

  /**
   * Returns what {@code helm template} renders for this repository's chart with a file of values.
   */
  public static InputStream template(Path values) {
    return new ByteArrayInputStream(
        run(
            new ProcessBuilder(
                Tool.HELM.path().toString(),
                "template",
                "flannel-operator",
                "helm",
                "--namespace=flannel-operator",
                "--kube-version=" + OLDEST_KUBERNETES,
                "--values=" + values)));
  }

  /**
   * Runs {@code helm} against a cluster and returns its output.
   *
   * @param words a verb such as install, and its arguments
   */
  public static String in(ApiServer cluster, String... words) {
    List<String> command = new ArrayList<>();
    command.add(Tool.HELM.path().toString());
    command.addAll(List.of(words));
    var helm = new ProcessBuilder(command);
    helm.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
    return new String(run(helm), UTF_8);
  }

  private static byte[] run(ProcessBuilder command) {
    try {
      Process helm = command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
      helm.getOutputStream().close();
      byte[] said = helm.getInputStream().readAllBytes();
      int code = helm.waitFor();
      if (code != 0) {
        throw new IllegalStateException(
            command.command() + " ended with " + code + "; its error is above");
      }
      return said;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while helm ran", e);
    }
  }
}
