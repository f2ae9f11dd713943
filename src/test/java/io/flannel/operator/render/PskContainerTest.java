package io.flannel.operator.render;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Container;
import io.flannel.operator.flannel.Networks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the init container's own command and records each program that it runs. */
class PskContainerTest {
  private static final Container CONTAINER =
      Flannel.template(
              Networks.wanted(
                  """
                  cidr: 10.244.0.0/16
                  backend: {type: wireguard, wireguard: {pskSecret: {name: flannel-psk}}}
                  """))
          .getSpec()
          .getInitContainers()
          .stream()
          .filter(one -> one.getName().equals(FlannelDaemonSet.PSK_CONTAINER))
          .findFirst()
          .orElseThrow();

  @TempDir Path node;
  private Path ran;

  @BeforeEach
  void makeFiles() throws Exception {
    ran = node.resolve("ran");
    for (String program : List.of("cat", "cp", "sed", "printf", "awk")) {
      Path file = Files.createDirectories(node.resolve("bin")).resolve(program);
      Files.writeString(
          file,
          "#!/bin/sh\n/bin/echo %s \"$@\" >>%s\nexec /usr/bin/%1$s \"$@\"\n"
              .formatted(program, ran));
      assertThat(file.toFile().setExecutable(true)).isTrue();
    }
    Files.writeString(
        Files.createDirectories(node.resolve("template")).resolve("net-conf.json"),
        """
        {
          "Network": "10.244.0.0/16",
          "Backend": {"Type": "wireguard", "PSK": "__WIREGUARD_PSK__"}
        }
        """);
    Files.writeString(node.resolve("template/cni-conf.json"), "{}");
    Files.createDirectories(node.resolve("finished"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "6pJ6HzXqJdNtkbKRe8VZhBGZ3mMTNDrGaW2cn+hO1F0=",
        "6pJ6HzXqJdNtkbKRe8VZhBGZ3mMTNDrGaW2cn+hO1F0=\n",
        "a/b|c&d*e%s[f]"
      })
  void theKeyStandsInTheConfigurationAndInNoProgramsArguments(String key) throws Exception {
    String script =
        CONTAINER
            .getArgs()
            .getFirst()
            .replace("/etc/kube-flannel-template/", node + "/template/")
            .replace("/etc/kube-flannel/", node + "/finished/");
    ProcessBuilder shell =
        new ProcessBuilder(new ArrayList<>(CONTAINER.getCommand())).redirectErrorStream(true);
    shell.command().add(script);
    shell.environment().put("PSK", key);
    shell.environment().put("PATH", node.resolve("bin").toString());
    Process process = shell.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();

    assertThat(
            new ObjectMapper()
                .readTree(node.resolve("finished/net-conf.json").toFile())
                .at("/Backend/PSK")
                .asText())
        .isEqualTo(key.strip());
    assertThat(node.resolve("finished/cni-conf.json")).hasContent("{}");
    assertThat(ran).content().contains("cat ", "cp ").doesNotContain(key.strip());
  }
}
