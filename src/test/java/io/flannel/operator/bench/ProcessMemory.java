package io.flannel.operator.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process takes, as proc(5) has it. */
final class ProcessMemory {
  private ProcessMemory() {}

  /**
   * Megabytes of a line that is in kB.
   *
   * @param file in {@code /proc/PID}, such as {@code status}
   * @param line what it begins with, such as {@code VmRSS:}
   */
  static double megabytes(long pid, String file, String line) throws IOException {
    return Files.readAllLines(Path.of("/proc/%d/%s".formatted(pid, file))).stream()
        .filter(one -> one.startsWith(line))
        .mapToDouble(one -> Double.parseDouble(one.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElseThrow();
  }
}
