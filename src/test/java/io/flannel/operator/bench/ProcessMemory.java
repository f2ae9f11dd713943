package io.flannel.operator.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of a process, from proc(5). */
final class ProcessMemory {
  private ProcessMemory() {}

  /**
   * Returns the value of a line in kB, converted to MB.
   *
   * @param file in {@code /proc/PID}, such as {@code status}
   * @param line the beginning of the line, such as {@code VmRSS:}
   */
  static double megabytes(long pid, String file, String line) throws IOException {
    return Files.readAllLines(Path.of("/proc/%d/%s".formatted(pid, file))).stream()
        .filter(one -> one.startsWith(line))
        .mapToDouble(one -> Double.parseDouble(one.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElseThrow();
  }
}
