package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.Container;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
      words("sh ash bash dash busybox ksh zsh cmd powershell pwsh");

  /** Programs that start the program named after their options. */
  private static final Set<String> WRAPPERS =
      words(
          """
          catatonit chroot chrt dumb-init env exec gosu ionice nice nohup nsenter s6-svscan
          setpriv setsid su-exec sudo taskset time timeout tini unshare xargs
          """);

  /** Those of them whose first operand is not the program: a directory or a user. */
  private static final Set<String> TAKE_AN_OPERAND = Set.of("chroot", "gosu", "su-exec");

  private static final Set<String> STARTERS =
      Stream.concat(WRAPPERS.stream(), SHELLS.stream()).collect(Collectors.toUnmodifiableSet());

  /**
   * Programs that only mention their arguments, or that idle. A flannel that systemctl starts is a
   * process of the node: its annotations show it, unless it has an etcd.
   */
  private static final Set<String> BYSTANDERS =
      words(
          """
          [ [[ apk apt-get awk basename cat cd chmod chown cmp command cp curl cut date diff
          dirname echo exit export false file find grep head id install install-conf iptables
          journalctl jq kill killall ldd ln logger ls lsof md5sum mkdir modprobe mv nc netstat
          nft pause pgrep pidof pkill printf ps readlink realpath return rm rsync sed service
          sha256sum sleep sort ss stat strings sysctl systemctl tail tar tee test touch tr trap
          true wait wc wget which
          """);

  /** Words that can precede a command in a script but are not commands. */
  private static final Set<String> KEYWORDS =
      Set.of("!", "do", "elif", "else", "if", "then", "until", "while", "{", "&");

  /** The beginning of an assignment to a variable, such as A=b. */
  private static final Pattern ASSIGNMENT = Pattern.compile("\\w+=");

  /** Words that can precede an assignment. */
  private static final Set<String> DECLARATIONS = Set.of("declare", "export", "local", "readonly");

  /** No other program has this flag; without it flanneld needs an etcd. */
  private static final String FLAG = "kube-subnet-mgr";

  /** flanneld reads its flags from the environment, too. */
  private static final String FLAG_VARIABLE = "FLANNELD_KUBE_SUBNET_MGR";

  /** Characters that delimit words in the text of any language. */
  private static final String AROUND_WORDS = "[\\s;|&()`\"',{}\\[\\]<>]";

  /** Directories of files that are named after a program but are not programs. */
  private static final Set<String> NO_PROGRAMS =
      Set.of("/log/", "/logs/", "/run/", "/lock/", "/etc/");

  private static final Pattern NAME = Pattern.compile("flanneld?\\d*");

  private static final Pattern VERSION = Pattern.compile("v?\\d\\w*");

  /** Suffixes of an image's name for a platform or a base image. */
  private static final Set<String> VARIANTS =
      words(
          """
          aarch64 alpine amd64 arm arm32v7 arm64 arm64v8 armhf armv7 debian distroless fips
          hardened hostprocess linux mips64le multi multiarch ppc64le riscv64 s390x slim static
          ubi ubi8 ubi9 ubuntu windows wolfi x64 x86
          """);

  private Flanneld() {}

  private static Set<String> words(String text) {
    return Set.of(text.trim().split("\\s+"));
  }

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
    return commands(line(container)).anyMatch(Flanneld::startsIt);
  }

  /**
   * The commands of a command line: its own, or those of the script that it has a shell run. Each
   * is split into words.
   */
  private static Stream<List<String>> commands(List<String> line) {
    int start = start(line, WRAPPERS);
    return start < line.size() && SHELLS.contains(program(line.get(start)))
        ? Stream.concat(
            Stream.of(
                line.subList(0, start).stream()
                    .filter(word -> isAssignment(word) || isSign(word))
                    .toList()),
            ShellScript.commands(
                String.join(" ", line.subList(start + 1, line.size())), Flanneld::onlyMentions)
                .stream())
        : Stream.of(line);
  }

  /**
   * The index of the program that a command runs in the end. What precedes it are keywords,
   * assignments, and programs that start another: of these, the next known program counts, since
   * their options can't be told from it.
   *
   * @param starters programs that start another
   * @return the command's length if it runs none, as an assignment does
   */
  private static int start(List<String> command, Set<String> starters) {
    int at = 0;
    while (at < command.size()) {
      if (starters.contains(program(command.get(at)))) {
        int after = at + 1;
        at =
            IntStream.range(afterOperand(command, at), command.size())
                .filter(next -> isKnown(program(command.get(next))))
                .findFirst()
                .orElse(-1);
        if (at < 0) {
          return after;
        }
      } else if (isBeforeAProgram(command.get(at))) {
        at++;
      } else {
        return at;
      }
    }
    return at;
  }

  /** The index behind a program's own operand, such as chroot's directory, if it takes one. */
  private static int afterOperand(List<String> command, int program) {
    int at = program + 1;
    if (!TAKE_AN_OPERAND.contains(program(command.get(program)))) {
      return at;
    }
    while (at < command.size() && command.get(at).startsWith("-")) {
      at++;
    }
    return Math.min(at + 1, command.size());
  }

  private static boolean isKnown(String program) {
    return program.equals(PROGRAM)
        || WRAPPERS.contains(program)
        || SHELLS.contains(program)
        || BYSTANDERS.contains(program);
  }

  private static boolean isBeforeAProgram(String word) {
    return KEYWORDS.contains(word)
        || DECLARATIONS.contains(word)
        || isAssignment(word)
        || (word.startsWith("-") && !isSign(word));
  }

  private static boolean isAssignment(String word) {
    return ASSIGNMENT.matcher(word).lookingAt();
  }

  /** Whether a command starts flanneld, or assigns its path or flag to a variable. */
  private static boolean startsIt(List<String> command) {
    int start = start(command, STARTERS);
    List<String> words = command.subList(start, command.size());
    if (command.subList(0, start).stream().anyMatch(Flanneld::isSign)) {
      return true;
    }
    if (words.isEmpty() || onlyMentions(words)) {
      return false;
    }
    return program(words.getFirst()).equals(PROGRAM)
        || words.stream()
            .flatMap(word -> Arrays.stream(word.split(AROUND_WORDS, -1)))
            .anyMatch(Flanneld::isSign);
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

  /** Only an explicit command replaces what the image starts; arguments alone do not. */
  private static boolean isIdle(List<String> command, List<String> line) {
    return !command.isEmpty() && commands(line).allMatch(Flanneld::isIdle);
  }

  private static boolean isIdle(List<String> command) {
    int start = start(command, STARTERS);
    // What a wrapper is given may be a script, which may start flanneld.
    boolean script =
        command.subList(0, start).stream()
            .anyMatch(word -> isPath(word) && !STARTERS.contains(program(word)));
    return !script
        && (start >= command.size()
            || BYSTANDERS.contains(program(command.get(start)))
            || command.get(start).equals("done"));
  }

  /** Whether a command runs nothing of what it is given; a shell may be given a script. */
  private static boolean onlyMentions(List<String> command) {
    int start = start(command, STARTERS);
    return start < command.size()
        && BYSTANDERS.contains(program(command.get(start)))
        && command.subList(0, start).stream().noneMatch(word -> SHELLS.contains(program(word)));
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
