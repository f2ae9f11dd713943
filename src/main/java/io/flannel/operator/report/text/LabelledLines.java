package io.flannel.operator.report.text;

import io.flannel.operator.flannel.PrintableText;
import java.util.ArrayList;
import java.util.List;

/** Labels with their texts, one below the other; long texts are wrapped. */
final class LabelledLines {
  /** Columns of a terminal by default. */
  static final int WIDTH = 80;

  private static final String GAP = "  ";

  private final String indent;
  private final List<String> labels = new ArrayList<>();
  private final List<String> texts = new ArrayList<>();

  /**
   * Creates an empty list.
   *
   * @param indent what each line begins with
   */
  LabelledLines(String indent) {
    this.indent = indent;
  }

  /** Adds a line; with an empty label it continues the one before. */
  LabelledLines add(String label, String text) {
    labels.add(label);
    texts.add(PrintableText.words(text));
    return this;
  }

  @Override
  public String toString() {
    int width = labels.stream().mapToInt(String::length).max().orElse(0);
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < labels.size(); i++) {
      String first = indent + labels.get(i) + " ".repeat(width - labels.get(i).length()) + GAP;
      wrap(first, texts.get(i), lines);
    }
    return lines.toString();
  }

  /** Returns a wrapped paragraph without a label. */
  static String paragraph(String text) {
    StringBuilder lines = new StringBuilder();
    wrap("", PrintableText.words(text), lines);
    return lines.toString();
  }

  /** A word that is longer than a line, such as a name, is not broken. */
  private static void wrap(String first, String text, StringBuilder lines) {
    String hanging = " ".repeat(first.length());
    StringBuilder line = new StringBuilder(first);
    boolean begun = false;
    for (String word : text.split(" ", -1)) {
      if (begun && line.length() + 1 + word.length() > WIDTH) {
        lines.append(line.toString().stripTrailing()).append('\n');
        line = new StringBuilder(hanging);
        begun = false;
      }
      line.append(begun ? " " : "").append(word);
      begun = true;
    }
    lines.append(line.toString().stripTrailing()).append('\n');
  }
}
