package io.flannel.operator.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The real {@code helm}. */
final class Helm {
  /** The oldest that the chart takes; without a cluster, helm guesses. */
  private static final String OLDEST_KUBERNETES = "1.31.0";

  private Helm() {}

  /**
   * What {@code helm template} makes of some of a chart's templates.
   *
   * @param templates names such as {@code rbac}, for {@code templates/rbac.yaml}
   */
  static InputStream template(String chart, String release, String namespace, String... templates) {
    List<String> command = new ArrayList<>();
    command.add(Tool.HELM.path().toString());
    command.addAll(List.of("template", release, chart, "--namespace", namespace));
    command.add("--kube-version=" + OLDEST_KUBERNETES);
    for (String template : templates) {
      command.addAll(List.of("--show-only", "templates/" + template + ".yaml"));
    }
    try {
      Process helm =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      helm.getOutputStream().close();
      byte[] manifests = helm.getInputStream().readAllBytes();
      int code = helm.waitFor();
      if (code != 0) {
        throw new IllegalStateException(command + " ended with " + code + "; its error is above");
      }
      return new ByteArrayInputStream(manifests);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while helm ran", e);
    }
  }
}
