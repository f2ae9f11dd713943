package io.flannel.operator.flannel.foreign;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Splits a shell script into its commands, as far as is needed to see which programs they run:
 * without quotes, comments and expansions. Takes linear time.
 */
final class ShellScript {
  private final String script;
  private final Predicate<List<String>> mentions;
  private final List<List<String>> commands = new ArrayList<>();
  private List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private char quote;
  private boolean mentioned;

  private ShellScript(String script, Predicate<List<String>> mentions) {
    this.script = script;
    this.mentions = mentions;
  }

  /**
   * Returns the commands, each as its words. Separators within quotes separate commands, too, since
   * a program may be given a script there.
   *
   * @param mentions whether a command runs nothing of what it is given, such as grep: there,
   *     separators within quotes separate only words
   */
  static List<List<String>> commands(String script, Predicate<List<String>> mentions) {
    return new ShellScript(script, mentions).split();
  }

  private List<List<String>> split() {
    int at = 0;
    while (at < script.length()) {
      at += next(at);
    }
    endCommand();
    return commands;
  }

  /** Reads at this index; returns how many characters it took. */
  private int next(int at) {
    char read = script.charAt(at);
    if (read == '\\' && isOneOf(at + 1, "\n'\"")) {
      endWord();
      return 2;
    }
    if (read == '#' && quote == 0 && word.isEmpty()) {
      int end = script.indexOf('\n', at);
      return (end < 0 ? script.length() : end) - at;
    }
    if (read == '\'' || read == '"') {
      if (quote == 0) {
        quote = read;
      } else if (quote == read) {
        quote = 0;
      } else {
        endWord();
      }
    } else if (separatesCommands(at)) {
      if (quote != 0 && isMention()) {
        endWord();
      } else {
        endCommand();
      }
    } else if (Character.isWhitespace(read)) {
      endWord();
    } else {
      word.append(read);
    }
    return 1;
  }

  private boolean isOneOf(int at, String characters) {
    return at >= 0 && at < script.length() && characters.indexOf(script.charAt(at)) >= 0;
  }

  /** An ampersand that redirects output, as in 2>&1, separates nothing. */
  private boolean separatesCommands(int at) {
    return script.charAt(at) == '&'
        ? !isOneOf(at - 1, ">") && !isOneOf(at + 1, ">0123456789")
        : isOneOf(at, ";|\n()`");
  }

  /** Asked once a command at most: if it mentions nothing, the command ends. */
  private boolean isMention() {
    mentioned = mentioned || mentions.test(words);
    return mentioned;
  }

  private void endWord() {
    if (!word.isEmpty()) {
      words.add(word.toString());
      word.setLength(0);
    }
  }

  private void endCommand() {
    endWord();
    if (!words.isEmpty()) {
      commands.add(words);
      words = new ArrayList<>();
    }
    mentioned = false;
  }
}
