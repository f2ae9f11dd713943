package io.flannel.operator.testing.hostile;

import io.flannel.operator.flannel.PrintableText;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Characters and lines of others' text that must never be shown, and a check for them. */
public final class HostileText {
  /**
   * One of each kind: C0, DEL, C1, bidirectional, line and paragraph separators, invisible, and
   * more.
   */
  public static final String CHARACTERS =
      Stream.of(
              0x1b, 0x07, 0x08, 0x0d, 0x0a, 0x09, 0x0b, 0x0c, 0x7f, 0x80, 0x85, 0x9b, 0x9d, 0x9f,
              0xad, 0x61c, 0x200b, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202d, 0x202e,
              0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xfff9, 0xfffe, 0xfdd0, 0xe000,
              0xe0001, 0xe0041, 0xe01ef, 0xf0000, 0x1ffff)
          .map(Character::toString)
          .collect(Collectors.joining());

  /** A log line that nobody logged. */
  public static final String FORGED = "2026-01-01T00:00:00.000+00:00 ERROR forged";

  /** All of it, between words to search for. */
  public static final String ALL = "begin" + CHARACTERS + "\n" + FORGED + "\r\nend";

  private HostileText() {}

  /**
   * Whether a text of several lines contains any of it. Tabs and line feeds are the printer's own.
   */
  public static boolean isIn(String text) {
    String own = text.replace('\t', ' ');
    return !PrintableText.lines(own).equals(own)
        || text.lines().anyMatch(line -> line.startsWith(FORGED));
  }
}
