package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.Container;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Tells a container that runs flanneld, whoever built its image: by the image's name, or by what it
 * is told to start.
 */
final class Flanneld {
  private static final String PROGRAM = "flanneld";

  /** The end of a repository's path, such as hardened-flannel or flannel-arm64; not flannel-cni. */
  private static final Pattern REPOSITORY =
      Pattern.compile(
          "(.*[-_.])?flannel(d)?([-_.](linux|windows|amd64|arm|arm64|ppc64le|s390x|riscv64|mips64le))*");

  /** Programs that run what stands in their arguments. */
  private static final Set<String> SHELLS =
      Set.of("sh", "ash", "bash", "dash", "busybox", "ksh", "zsh", "cmd", "powershell", "pwsh");

  /** Programs that start the one that is named after their options. */
  private static final Set<String> WRAPPERS =
      Set.of(
          "catatonit",
          "chroot",
          "chrt",
          "dumb-init",
          "env",
          "exec",
          "gosu",
          "ionice",
          "nice",
          "nohup",
          "nsenter",
          "s6-svscan",
          "setpriv",
          "setsid",
          "su-exec",
          "sudo",
          "taskset",
          "time",
          "timeout",
          "tini",
          "unshare");

  /** Programs that only speak of what stands in their arguments, or do nothing for long. */
  private static final Set<String> BYSTANDERS =
      Set.of(
          "[",
          "awk",
          "cat",
          "chmod",
          "command",
          "cp",
          "echo",
          "export",
          "false",
          "grep",
          "install-conf",
          "kill",
          "killall",
          "ln",
          "ls",
          "mkdir",
          "mv",
          "pause",
          "pgrep",
          "pidof",
          "pkill",
          "printf",
          "ps",
          "rm",
          "sed",
          "sleep",
          "tail",
          "test",
          "touch",
          "true",
          "wait",
          "which");

  /** What may stand before a command in a script and is no command. */
  private static final Set<String> KEYWORDS =
      Set.of("!", "do", "elif", "else", "if", "then", "until", "while", "{", "&");

  private Flanneld() {}

  /** Whether the container runs it. */
  static boolean isRunBy(Container container) {
    List<String> line = ForeignContainer.commandLine(container);
    if (isStartedBy(line)) {
      return true;
    }
    // An image of flannel's starts it by itself, unless it is told to do something harmless.
    return isImage(container.getImage()) && !isIdle(container.getCommand(), line);
  }

  /** Whether an image is one that holds flanneld and starts it, by the name of its repository. */
  static boolean isImage(String image) {
    String path = image == null ? "" : image.replaceFirst("@.*$", "");
    String last = path.substring(path.lastIndexOf('/') + 1).replaceFirst(":.*$", "");
    return REPOSITORY.matcher(last).matches();
  }

  private static boolean isStartedBy(List<String> line) {
    if (line.isEmpty()) {
      return false;
    }
    String first = program(line.getFirst());
    if (first.equals(PROGRAM)) {
      return true;
    }
    List<String> rest = line.subList(1, line.size());
    if (SHELLS.contains(first)) {
      return commands(String.join(" ", rest)).anyMatch(Flanneld::startsIt);
    }
    return !BYSTANDERS.contains(first)
        && rest.stream()
            .anyMatch(
                word ->
                    program(word).equals(PROGRAM) && (WRAPPERS.contains(first) || isPath(word)));
  }

  /** Whether a command of a script starts it. */
  private static boolean startsIt(List<String> words) {
    List<String> command =
        words.stream()
            .dropWhile(
                word -> KEYWORDS.contains(word) || word.startsWith("-") || word.matches("\\w+=.*"))
            .toList();
    return !command.isEmpty()
        && (SHELLS.contains(program(command.getFirst()))
            ? command.stream().skip(1).anyMatch(word -> program(word).equals(PROGRAM))
            : isStartedBy(command));
  }

  /** The commands of a shell's script, each as its words without quotes. */
  private static Stream<List<String>> commands(String script) {
    return Arrays.stream(script.split("[;|\n()`]|(?<!>)&(?![>\\d])", -1))
        .map(
            command ->
                Arrays.stream(command.replaceAll("[\"']", " ").trim().split("\\s+", -1))
                    .filter(word -> !word.isEmpty())
                    .toList())
        .filter(words -> !words.isEmpty());
  }

  /** Only an explicit command replaces what the image starts; arguments alone do not. */
  private static boolean isIdle(List<String> command, List<String> line) {
    if (command.isEmpty()) {
      return false;
    }
    String first = program(line.getFirst());
    if (!SHELLS.contains(first)) {
      return BYSTANDERS.contains(first);
    }
    return commands(String.join(" ", line.subList(1, line.size())))
        .map(
            words ->
                words.stream()
                    .dropWhile(word -> KEYWORDS.contains(word) || word.startsWith("-"))
                    .findFirst()
                    .orElse("true"))
        .allMatch(word -> BYSTANDERS.contains(program(word)) || word.equals("done"));
  }

  /** Not an option's value, such as a file to log into. */
  private static boolean isPath(String word) {
    return word.matches("(\\w:)?[/\\\\].*");
  }

  /** The last part of a program's path, without Windows' ending. */
  private static String program(String word) {
    return word.replaceFirst("^.*[/\\\\]", "").replaceFirst("(?i)[.]exe$", "");
  }
}
