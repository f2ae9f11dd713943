package io.flannel.operator.testing.operator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The JVM options of the operator's image, from its Dockerfile. Outside a container, the heap is as
 * large as with the chart's memory limit.
 */
public final class ImageOptions {
  private static final Pattern OPTION = Pattern.compile("\"(-X[^\"]+)\"");
  private static final Pattern PERCENTAGE = Pattern.compile("-XX:MaxRAMPercentage=([0-9]+)");
  private static final Pattern LIMIT = Pattern.compile("limits:\\s+memory: ([0-9]+)Mi");

  private ImageOptions() {}

  /** Returns all options except the AOT cache, which fits one Java version and one build. */
  public static List<String> jvm() {
    return entryPoint()
        .filter(option -> !option.startsWith("-XX:AOTCache="))
        .map(ImageOptions::outsideOfAContainer)
        .toList();
  }

  /** Returns the heap's maximum in MB. */
  public static int heapMegabytes() {
    return entryPoint()
        .flatMap(option -> PERCENTAGE.matcher(option).results())
        .mapToInt(it -> Integer.parseInt(it.group(1)) * limitMegabytes() / 100)
        .findFirst()
        .orElseThrow();
  }

  private static Stream<String> entryPoint() {
    String dockerfile = read("Dockerfile");
    String entryPoint =
        dockerfile.substring(dockerfile.indexOf("\nENTRYPOINT ["), dockerfile.indexOf("\nCMD ["));
    return OPTION.matcher(entryPoint).results().map(it -> it.group(1));
  }

  private static String outsideOfAContainer(String option) {
    return PERCENTAGE.matcher(option).matches() ? "-Xmx" + heapMegabytes() + "m" : option;
  }

  private static int limitMegabytes() {
    return LIMIT
        .matcher(read("helm/values.yaml"))
        .results()
        .map(MatchResult::group)
        .mapToInt(it -> Integer.parseInt(it.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
