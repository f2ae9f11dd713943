package io.flannel.operator.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A command that a document tells people to type: a line of a {@code sh} block or, after {@code $},
 * of a {@code console} block, or words in a sentence that begin with a program's name.
 *
 * @param line the line where it begins, from 1
 * @param text the command, without its comment
 */
record DocsCommand(Path file, int line, String text) {
  private static final Pattern FENCE = Pattern.compile("^ *```(\\w*)$");
  private static final Pattern IN_A_SENTENCE = Pattern.compile("`((?:kubectl|helm|make) [^`]+)`");

  /**
   * Returns the commands of README.md, CONTRIBUTING.md and docs/*.md, in the order of the
   * documents.
   */
  static List<DocsCommand> all() throws IOException {
    List<DocsCommand> all = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> docs = Files.list(Path.of("docs"))) {
      files =
          Stream.concat(Stream.of(Path.of("README.md"), Path.of("CONTRIBUTING.md")), docs.sorted())
              .filter(file -> file.toString().endsWith(".md"))
              .toList();
    }
    for (Path file : files) {
      all.addAll(of(file, Files.readAllLines(file)));
    }
    return all;
  }

  static List<DocsCommand> of(Path file, List<String> lines) {
    List<DocsCommand> found = new ArrayList<>();
    String block = "";
    boolean inBlock = false;
    StringBuilder begun = new StringBuilder();
    int beginsAt = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      Matcher fence = FENCE.matcher(lines.get(i));
      if (fence.matches()) {
        inBlock = !inBlock;
        block = inBlock ? fence.group(1) : "";
      } else if (!inBlock) {
        Matcher words = IN_A_SENTENCE.matcher(line);
        while (words.find()) {
          found.add(new DocsCommand(file, i + 1, words.group(1)));
        }
      } else if (block.equals("sh") || (block.equals("console") && line.startsWith("$ "))) {
        String words = line.replaceFirst("^\\$ ", "").replaceFirst(" {2,}#.*$", "");
        if (begun.isEmpty()) {
          beginsAt = i + 1;
        }
        begun.append(words);
        if (words.endsWith("\\") || words.endsWith("|")) {
          begun.append('\n');
        } else {
          found.add(new DocsCommand(file, beginsAt, begun.toString()));
          begun.setLength(0);
        }
      }
    }
    return found;
  }

  @Override
  public String toString() {
    return "%s:%d: %s".formatted(file, line, text);
  }
}
