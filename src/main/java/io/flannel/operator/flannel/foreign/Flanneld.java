package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.Container;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes containers that run flanneld, whoever built the image: by the image's name, or by the
 * command line. Anybody may have written these, up to the size of an object, so only the beginning
 * is examined.
 */
final class Flanneld {
  private static final String PROGRAM = "flanneld";
  private static final String WINDOWS_ENDING = ".exe";

  /**
   * Maximum length of an image's name to examine; a name has 255 characters, plus a tag or digest.
   */
  private static final int IMAGE_LENGTH = 512;

  /** Maximum number of characters of a command line to examine. */
  private static final int LINE_LENGTH = 65_536;

  /** Programs that run their arguments as commands. */
  private static final Set<String> SHELLS =
      Set.of("sh", "ash", "bash", "dash", "busybox", "ksh", "zsh", "cmd", "powershell", "pwsh");

  /** Programs that start the program named after their options. */
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

  /** Programs that only mention their arguments, or that idle. */
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

  /** Words that can precede a command in a script but are not commands. */
  private static final Set<String> KEYWORDS =
      Set.of("!", "do", "elif", "else", "if", "then", "until", "while", "{", "&");

  /** Words that can precede an assignment. */
  private static final Set<String> DECLARATIONS = Set.of("declare", "export", "local", "readonly");

  /** No other program has this flag; without it flanneld needs an etcd. */
  private static final String FLAG = "kube-subnet-mgr";

  /** flanneld reads its flags from the environment, too. */
  private static final String FLAG_VARIABLE = "FLANNELD_KUBE_SUBNET_MGR";

  /** Characters that delimit words in the text of any language. */
  private static final String AROUND_WORDS = "[\\s;|&()`\"',{}\\[\\]<>]";

  /** Directories of files that are named after a program but are not programs. */
  private static final Set<String> NO_PROGRAMS = Set.of("/log/", "/logs/", "/run/", "/lock/");

  private static final Pattern NAME = Pattern.compile("flanneld?\\d*");

  private static final Pattern VERSION = Pattern.compile("v?\\d\\w*");

  /** Suffixes of an image's name for a platform or a base image. */
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

  /** Whether the container runs flanneld. */
  static boolean isRunBy(Container container) {
    if (isToldTo(container)) {
      return true;
    }
    // flannel's images start flanneld by themselves, unless the command is something harmless.
    boolean flannels =
        isImage(container.getImage())
            || container.getEnv().stream().anyMatch(one -> FLAG_VARIABLE.equals(one.getName()));
    return flannels && !isIdle(container.getCommand(), line(container));
  }

  /** Whether the container's command line runs flanneld, whatever the image is. */
  static boolean isToldTo(Container container) {
    List<String> line = line(container);
    return isStartedBy(line) || (!line.isEmpty() && words(line).anyMatch(Flanneld::isSign));
  }

  /**
   * The words of a command line, or of the script in it, except commands that only mention theirs.
   */
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
   * Whether it is flanneld's flag or path, which may be assigned to a variable: F=/bin/flanneld.
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
   * Whether an image holds flanneld and starts it, judging by the end of its repository's path,
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

  /** The container's command line, as far as it is examined. */
  private static List<String> line(Container container) {
    List<String> beginning = new ArrayList<>();
    int room = LINE_LENGTH;
    for (String word : ForeignContainer.commandLine(container)) {
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

  /** Whether a command of a script starts flanneld. */
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

  /** The commands of a shell script, each as its words without quotes. */
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

  /** Whether the word itself is a path, unlike an option with one, such as that of a log file. */
  private static boolean isPath(String word) {
    return word.matches("(\\w:)?[/\\\\].*");
  }

  /** The last part of a program's path, without Windows' extension. */
  private static String program(String word) {
    String last = word.substring(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1);
    int end = last.length() - WINDOWS_ENDING.length();
    return last.regionMatches(true, end, WINDOWS_ENDING, 0, WINDOWS_ENDING.length())
        ? last.substring(0, end)
        : last;
  }
}
