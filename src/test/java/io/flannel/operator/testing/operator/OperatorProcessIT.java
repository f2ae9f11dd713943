package io.flannel.operator.testing.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.flannel.operator.testing.process.ChildProcess;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests start, kill and stop of the operator's process, with a stand-in. */
class OperatorProcessIT {
  @TempDir Path directory;

  /** Answers like the operator, and prints the path of its kubeconfig. */
  public static final class StandIn {
    public static void main(String[] args) throws IOException {
      System.out.println("kubeconfig: " + System.getenv("KUBECONFIG"));
      int port = Integer.parseInt(System.getenv("QUARKUS_HTTP_PORT"));
      var server =
          HttpServer.create(new InetSocketAddress(System.getenv("QUARKUS_HTTP_HOST"), port), 0);
      server.createContext(
          "/q/health/ready",
          exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
    }
  }

  /** Starts a process that sleeps and prints its id; the test then kills this JVM. */
  public static final class Parent {
    public static void main(String[] args) throws Exception {
      var child = ChildProcess.start("sleep", List.of("sleep", "600"), Map.of(), Path.of(args[0]));
      System.out.println(child.pid());
      Thread.sleep(600_000);
    }
  }

  @Test
  void itIsStartedKilledStartedAgainAndStopped() throws IOException {
    Path kubeconfig = directory.resolve("kubeconfig");
    try (var operator = OperatorProcess.of(jar(StandIn.class), kubeconfig)) {
      operator.start().awaitReady();
      long first = operator.pid();
      operator.kill();
      assertThat(operator.isAlive()).isFalse();
      assertThatThrownBy(() -> operator.get("/q/health/ready")).isInstanceOf(IOException.class);

      operator.start().awaitReady();
      assertThat(operator.pid()).isNotEqualTo(first);
      operator.restart();
      assertThat(operator.stop()).isEqualTo(143);
      assertThat(Files.readString(operator.log()))
          .hasLineCount(3)
          .contains("kubeconfig: " + kubeconfig);
    }
  }

  @Test
  void anOperatorThatEndsByItselfFailsTheTestWithItsLog() throws IOException {
    Path notAJar = Files.writeString(directory.resolve("broken.jar"), "no jar");
    try (var operator = OperatorProcess.of(notAJar, directory.resolve("kubeconfig"))) {
      operator.start();
      assertThatThrownBy(operator::awaitReady)
          .hasStackTraceContaining("ended by itself")
          .hasStackTraceContaining("Invalid or corrupt jarfile");
    }
  }

  @Test
  void processOfATestDiesWithItsJvm() throws Exception {
    Process parent =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Parent.class.getName(),
                directory.resolve("log").toString())
            .redirectErrorStream(true)
            .start();
    long child = Long.parseLong(parent.inputReader().readLine());
    assertThat(ProcessHandle.of(child)).hasValueSatisfying(ProcessHandle::isAlive);

    parent.destroyForcibly().waitFor();

    await()
        .untilAsserted(
            () -> assertThat(ProcessHandle.of(child).filter(ProcessHandle::isAlive)).isEmpty());
  }

  private Path jar(Class<?> main) throws IOException {
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, main.getName());
    Path jar = directory.resolve("stand-in.jar");
    String entry = main.getName().replace('.', '/') + ".class";
    try (var output = new JarOutputStream(Files.newOutputStream(jar), manifest);
        var bytes = main.getClassLoader().getResourceAsStream(entry)) {
      output.putNextEntry(new JarEntry(entry));
      bytes.transferTo(output);
    }
    return jar;
  }
}
