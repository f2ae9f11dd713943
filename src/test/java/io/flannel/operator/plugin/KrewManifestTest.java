package io.flannel.operator.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/**
 * The krew manifest and a release's archive. The rules are those of krew's own {@code
 * internal/index/validation} and of its index' naming guide.
 */
class KrewManifestTest {
  private static final Path MADE = Path.of("target/plugin");

  @Test
  void theManifestIsOneThatKrewTakes() throws IOException {
    obeysKrew(manifest(Path.of("kubectl-plugin/krew.yaml")));
  }

  @Test
  void versionsAreThePoms() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    String version = pom.split("<version>", 2)[1].split("</version>", 2)[0];
    assertThat(manifest(Path.of("kubectl-plugin/krew.yaml")).at("/spec/version").asText())
        .isEqualTo("v" + version);
    assertThat(Files.readString(Path.of("kubectl-plugin/kubectl-flannel")))
        .contains("\nVERSION=" + version + "\n");
  }

  @Test
  void aReleasesManifestFitsItsArchive() throws Exception {
    run("scripts/plugin-archive", "v1.2.3", "https://example.org/kubectl-flannel.tar.gz");
    Path archive = MADE.resolve("kubectl-flannel-v1.2.3.tar.gz");
    String first = sha256(archive);
    JsonNode manifest = manifest(MADE.resolve("flannel.yaml"));
    obeysKrew(manifest);
    assertThat(manifest.at("/spec/version").asText()).isEqualTo("v1.2.3");
    JsonNode platform = manifest.at("/spec/platforms/0");
    assertThat(platform.path("uri").asText())
        .isEqualTo("https://example.org/kubectl-flannel.tar.gz");
    assertThat(platform.path("sha256").asText()).isEqualTo(first);

    List<String> files = run("tar", "tzf", archive.toString()).lines().toList();
    List<String> installed = new ArrayList<>();
    platform.path("files").forEach(file -> installed.add(file.path("from").asText()));
    assertThat(files).containsExactlyInAnyOrderElementsOf(installed);
    assertThat(files).contains(platform.path("bin").asText());
    run("tar", "xzf", archive.toString(), "-C", MADE.toString());
    assertThat(run(MADE.resolve("kubectl-flannel").toString(), "help")).contains("Usage:");
    assertThat(Files.readString(MADE.resolve("kubectl-flannel"))).contains("\nVERSION=1.2.3\n");

    run("scripts/plugin-archive", "1.2.3");
    assertThat(sha256(archive)).as("made once more").isEqualTo(first);
  }

  private static void obeysKrew(JsonNode manifest) {
    assertThat(manifest.path("apiVersion").asText())
        .isEqualTo("krew.googlecontainertools.github.com/v1alpha2");
    assertThat(manifest.path("kind").asText()).isEqualTo("Plugin");
    assertThat(manifest.at("/metadata/name").asText()).isEqualTo("flannel");
    JsonNode spec = manifest.path("spec");
    assertThat(spec.path("version").asText()).matches("v\\d+\\.\\d+\\.\\d+(-[0-9A-Za-z.-]+)?");
    assertThat(spec.path("shortDescription").asText()).isNotBlank().doesNotContain("\n", "kubectl");
    assertThat(spec.path("platforms")).hasSize(1);
    JsonNode platform = spec.at("/platforms/0");
    assertThat(platform.at("/selector/matchExpressions/0/key").asText()).isEqualTo("os");
    assertThat(platform.at("/selector/matchExpressions/0/operator").asText()).isEqualTo("In");
    assertThat(platform.at("/selector/matchExpressions/0/values").toString())
        .isEqualTo("[\"linux\",\"darwin\"]");
    assertThat(platform.path("uri").asText()).startsWith("https://").endsWith(".tar.gz");
    assertThat(platform.path("sha256").asText()).matches("[a-f0-9]{64}");
    assertThat(platform.path("bin").asText()).isEqualTo("kubectl-flannel");
    assertThat(platform.path("files"))
        .isNotEmpty()
        .allSatisfy(
            file -> {
              assertThat(file.path("from").asText()).isNotEmpty();
              assertThat(file.path("to").asText()).isNotEmpty();
            });
  }

  private static JsonNode manifest(Path file) throws IOException {
    return new ObjectMapper().valueToTree(new Yaml().load(Files.readString(file)));
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as("%s: %s", Arrays.toString(command), said).isZero();
    return said;
  }
}
