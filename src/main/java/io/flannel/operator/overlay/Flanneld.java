package io.flannel.operator.overlay;

import io.fabric8.kubernetes.api.model.Container;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
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
          "install",
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

  /** What may stand before an assignment. */
  private static final Set<String> DECLARATIONS = Set.of("declare", "export", "local", "readonly");

  /** No other program has this flag; without it flanneld wants an etcd. */
  private static final String FLAG = "kube-subnet-mgr";

  /** flanneld takes its flags from its environment as well. */
  private static final String FLAG_VARIABLE = "FLANNELD_KUBE_SUBNET_MGR";

  /** What a word ends at in the text of any language. */
  private static final String AROUND_WORDS = "[\\s;|&()`\"',{}\\[\\]<>]";

  /** Where files are that are named after a program. */
  private static final Set<String> NO_PROGRAMS = Set.of("/log/", "/logs/", "/run/", "/lock/");

  private static final Pattern NAME = Pattern.compile("flanneld?\\d*");

  private static final Pattern VERSION = Pattern.compile("v?\\d\\w*");

  /** What follows the name in that of an image for a platform, or on a base. */
  private static final Set<String> VARIANTS =
      Set.of(
          "aarch64",
          "alpine",
          "amd64",
          "arm",
          "arm32v7",
          "arm64",
          "arm64v8",
          "armhf",
          "armv7",
          "debian",
          "distroless",
          "fips",
          "hardened",
          "hostprocess",
          "linux",
          "mips64le",
          "multi",
          "multiarch",
          "ppc64le",
          "riscv64",
          "s390x",
          "slim",
          "static",
          "ubi",
          "ubi8",
          "ubi9",
          "ubuntu",
          "windows",
          "wolfi",
          "x64",
          "x86");

  private Flanneld() {}

  /** Whether the container runs it. */
  static boolean isRunBy(Container container) {
    if (isToldTo(container)) {
      return true;
    }
    // An image of flannel's starts it by itself, unless it is told to do something harmless.
    boolean flannels =
        isImage(container.getImage())
            || container.getEnv().stream().anyMatch(one -> FLAG_VARIABLE.equals(one.getName()));
    return flannels && !isIdle(container.getCommand(), line(container));
  }

  /** Whether the container is told to run it, whatever its image is. */
  static boolean isToldTo(Container container) {
    List<String> line = line(container);
    return isStartedBy(line) || (!line.isEmpty() && words(line).anyMatch(Flanneld::isSign));
  }

  /** The words of a command line, or of the script in it; not of commands that only speak of it. */
  private static Stream<String> words(List<String> line) {
    String first = program(line.getFirst());
    List<String> shell =
        WRAPPERS.contains(first)
            ? line.stream().dropWhile(word -> !SHELLS.contains(program(word))).toList()
            : SHELLS.contains(first) ? line : List.of();
    if (!shell.isEmpty()) {
      return commands(String.join(" ", shell.subList(1, shell.size())))
          .map(words -> words.stream().dropWhile(Flanneld::isBeforeACommand).toList())
          .filter(words -> !words.isEmpty() && !BYSTANDERS.contains(program(words.getFirst())))
          .flatMap(List::stream);
    }
    return BYSTANDERS.contains(first)
        ? Stream.empty()
        : line.stream().flatMap(word -> Arrays.stream(word.split(AROUND_WORDS, -1)));
  }

  private static boolean isBeforeACommand(String word) {
    return KEYWORDS.contains(word)
        || DECLARATIONS.contains(word)
        || (word.startsWith("-") && !isSign(word));
  }

  /**
   * Whether it is flanneld's flag, or its path, which may be kept in a variable: F=/bin/flanneld.
   */
  private static boolean isSign(String word) {
    if (word.startsWith("-")) {
      String flag = word.substring(word.startsWith("--") ? 2 : 1);
      return flag.equals(FLAG) || flag.startsWith(FLAG + "=");
    }
    String value = word.substring(word.indexOf('=') + 1);
    return value.startsWith("-")
        ? isSign(value)
        : value.contains(PROGRAM)
            && isPath(value)
            && program(value).equals(PROGRAM)
            && NO_PROGRAMS.stream().noneMatch(value::contains);
  }

  /**
   * Whether an image is one that holds flanneld and starts it, by the end of its repository's path,
   * such as hardened-flannel, flannel-arm64 or flannel-fips; not flannel-cni.
   */
  static boolean isImage(@Nullable String image) {
    String path = before('@', image == null ? "" : cut(image, IMAGE_LENGTH));
    String[] words = before(':', path.substring(path.lastIndexOf('/') + 1)).split("[-_.]", -1);
    int last = words.length - 1;
    while (last > 0 && (VARIANTS.contains(words[last]) || VERSION.matcher(words[last]).matches())) {
      last--;
    }
    return NAME.matcher(words[last]).matches();
  }

  private static String before(char end, String text) {
    int index = text.indexOf(end);
    return index < 0 ? text : text.substring(0, index);
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }

  /** What the container is told to start; no more than is looked at. */
  private static List<String> line(Container container) {
    List<String> beginning = new ArrayList<>();
    int room = LINE_LENGTH;
    for (String word : FoundContainer.commandLine(container)) {
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
                    !word.contains(" ")
                        && program(word).equals(PROGRAM)
                        && (WRAPPERS.contains(first) || isPath(word)));
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
