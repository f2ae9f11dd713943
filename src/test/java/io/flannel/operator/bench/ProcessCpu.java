package io.flannel.operator.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The CPU time of a process so far, user and system.
 *
 * @param ticks of all its threads, including ended ones
 * @param byThread ticks of the live threads by name; threads of the same name are added up
 */
public record ProcessCpu(long ticks, Map<String, Long> byThread) {
  /** USER_HZ, which Linux fixes for every architecture that the JDK runs on. */
  private static final double TICKS_PER_SECOND = 100;

  /** Reads the CPU time of the process with this id. */
  public static ProcessCpu of(long pid) throws IOException {
    Map<String, Long> byThread = new TreeMap<>();
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/%d/task".formatted(pid)))) {
      for (Path thread : threads) {
        try {
          Stat stat = Stat.in(thread);
          byThread.merge(stat.name(), stat.ticks(), Long::sum);
        } catch (NoSuchFileException ended) {
          // The process' own total includes its time.
        }
      }
    }
    return new ProcessCpu(Stat.in(Path.of("/proc/" + pid)).ticks(), byThread);
  }

  /** Returns the CPU time since then, in seconds. */
  public double secondsSince(ProcessCpu before) {
    return (ticks - before.ticks) / TICKS_PER_SECOND;
  }

  /** Returns the busiest threads, busiest first, such as {@code prober 0.22 s, java 0.10 s}. */
  String busiestSince(ProcessCpu before) {
    Comparator<Map.Entry<String, Long>> byTicks = Map.Entry.comparingByValue();
    return byThread.entrySet().stream()
        .map(
            thread ->
                Map.entry(
                    thread.getKey(),
                    thread.getValue() - before.byThread.getOrDefault(thread.getKey(), 0L)))
        .sorted(byTicks.reversed())
        .limit(4)
        .map(thread -> "%s %.2f s".formatted(thread.getKey(), thread.getValue() / TICKS_PER_SECOND))
        .collect(Collectors.joining(", "));
  }

  /** From proc(5)'s stat: field 2, and the sum of fields 14 and 15. */
  private record Stat(String name, long ticks) {
    static Stat in(Path directory) throws IOException {
      String stat = Files.readString(directory.resolve("stat"));
      int end = stat.lastIndexOf(')');
      String[] fields = stat.substring(end + 2).split(" ");
      return new Stat(
          stat.substring(stat.indexOf('(') + 1, end),
          Long.parseLong(fields[11]) + Long.parseLong(fields[12]));
    }
  }
}
