package io.flannel.operator.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The filter for the plugin's bundles: it removes secrets and leaves everything else. */
class RedactTest {
  private static final Path EXAMPLES = Path.of("src/test/resources/plugin");

  @Test
  void secretsGoAndAllElseStays() throws Exception {
    assertThat(leaveOut(EXAMPLES.resolve("with-secrets.yaml")))
        .isEqualTo(Files.readString(EXAMPLES.resolve("without-secrets.yaml")))
        .doesNotContain("GEHEIM");
  }

  /** Redacting twice changes nothing: no placeholder looks like a secret. */
  @Test
  void textWithoutSecretsStaysAsItIs() throws Exception {
    for (Path none :
        List.of(EXAMPLES.resolve("without-secrets.yaml"), Path.of("docs/samples/vxlan.yaml"))) {
      assertThat(leaveOut(none)).isEqualTo(Files.readString(none));
    }
  }

  private static String leaveOut(Path example) throws IOException, InterruptedException {
    Process plugin =
        new ProcessBuilder("kubectl-plugin/kubectl-flannel", "__redact")
            .redirectInput(example.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String left = new String(plugin.getInputStream().readAllBytes(), UTF_8);
    assertThat(plugin.waitFor()).isZero();
    return left;
  }
}
