package io.flannel.operator.overlay;

import io.fabric8.kubernetes.api.model.Container;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tells a container that runs flanneld, whoever built its image: by the image's name, or by what it
 * is told to start. Anybody may have written it, and as much as an object can hold: only its
 * beginning is looked at.
 */
final class Flanneld {
  private static final String PROGRAM = "flanneld";
  private static final String WINDOWS_ENDING = ".exe";

  /** So much of an image's name is looked at; a name has 255 characters, and a tag or digest. */
  private static final int IMAGE_LENGTH = 512;

  /** So much of what a container is told to start is looked at. */
  private static final int LINE_LENGTH = 65_536;

  /** What the name of a repository ends with, before the platforms. */
  private static final Set<String> REPOSITORIES = Set.of("flannel", PROGRAM);

  /** What may follow it, as in flannel-arm64. */
  private static final Set<String> PLATFORMS =
      Set.of(
          "linux", "windows", "amd64", "arm", "arm64", "ppc64le", "s390x", "riscv64", "mips64le");

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
    List<String> line = beginning(FoundContainer.commandLine(container));
    if (isStartedBy(line)) {
      return true;
    }
    // An image of flannel's starts it by itself, unless it is told to do something harmless.
    return isImage(container.getImage()) && !isIdle(container.getCommand(), line);
  }

  /**
   * Whether an image is one that holds flanneld and starts it, by the end of its repository's path,
   * such as hardened-flannel or flannel-arm64; not flannel-cni.
   */
  static boolean isImage(@Nullable String image) {
    String path = before('@', image == null ? "" : cut(image, IMAGE_LENGTH));
    String last = before(':', path.substring(path.lastIndexOf('/') + 1));
    List<String> parts = new ArrayList<>(Arrays.asList(last.split("[-_.]", -1)));
    while (parts.size() > 1 && PLATFORMS.contains(parts.getLast())) {
      parts.removeLast();
    }
    return REPOSITORIES.contains(parts.getLast());
  }

  private static String before(char end, String text) {
    int index = text.indexOf(end);
    return index < 0 ? text : text.substring(0, index);
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }

  private static List<String> beginning(List<String> line) {
    List<String> beginning = new ArrayList<>();
    int room = LINE_LENGTH;
    for (String word : line) {
      if (room <= 0) {
        break;
      }
      beginning.add(cut(word, room));
      room -= word.length() + 1;
    }
    return beginning;
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
    String last = word.substring(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1);
    int end = last.length() - WINDOWS_ENDING.length();
    return last.regionMatches(true, end, WINDOWS_ENDING, 0, WINDOWS_ENDING.length())
        ? last.substring(0, end)
        : last;
  }
}
