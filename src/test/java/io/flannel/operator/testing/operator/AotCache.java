package io.flannel.operator.testing.operator;

import io.flannel.operator.testing.process.ChildProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The packaged operator's AOT cache for the java that runs the tests. It is made by the image's
 * training run, once for each build, and halves the CPU time of a start: the tests start the
 * operator some hundred times.
 */
public final class AotCache {
  /** What a training and the runs that use its cache must have in common. */
  private static final List<String> OPTIONS =
      ImageOptions.jvm().stream()
          .filter(option -> option.startsWith("-XX:+Use") || option.startsWith("-XX:Tiered"))
          .toList();

  /** Another java, or other options, have another cache. */
  private static final Path CACHE =
      Path.of(
              "target",
              "operator-%08x.aot"
                  .formatted((System.getProperty("java.vm.version") + OPTIONS).hashCode()))
          .toAbsolutePath();

  private static final long TRAINING_SECONDS = 300;

  private static final Optional<String> OPTION = Optional.of("-XX:AOTCache=" + CACHE);

  /** Whether this process has seen that the cache is of this build. */
  private static boolean current;

  private AotCache() {}

  /**
   * Returns the JVM option for it, and makes the cache if there is none for this build; empty if
   * there is no build, which the operator's start reports.
   */
  public static synchronized Optional<String> option() {
    if (current) {
      return OPTION;
    }
    if (!Files.isRegularFile(OperatorProcess.PACKAGED)) {
      return Optional.empty();
    }
    Path lock = CACHE.resolveSibling("operator.aot.lock");
    // Several processes run tests side by side.
    try (var channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = channel.lock()) {
      if (!Files.exists(CACHE) || isOlderThanTheBuild()) {
        train();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    current = true;
    return OPTION;
  }

  private static boolean isOlderThanTheBuild() throws IOException {
    var made = Files.getLastModifiedTime(CACHE);
    try (Stream<Path> files = Files.walk(application())) {
      return files.anyMatch(file -> file.toFile().lastModified() > made.toMillis());
    }
  }

  private static void train() throws IOException {
    Path made = CACHE.resolveSibling(CACHE.getFileName() + ".new");
    Files.deleteIfExists(made);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>();
    command.add(java);
    command.addAll(List.of("-cp", application().resolve("lib/main/*").toString()));
    command.add("src/main/docker/TrainingRun.java");
    command.addAll(List.of(java, application().toString(), made.toString()));
    command.addAll(OPTIONS);
    Path log = CACHE.resolveSibling("operator.aot.log");
    try (var training = ChildProcess.start("The training run", command, Map.of(), log)) {
      if (training.exitCode(TRAINING_SECONDS) != 0) {
        throw training.failure("made no AOT cache");
      }
      Files.move(made, CACHE, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static Path application() {
    return OperatorProcess.PACKAGED.toAbsolutePath().getParent();
  }
}
