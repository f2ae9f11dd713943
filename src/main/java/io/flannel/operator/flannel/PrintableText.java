package io.flannel.operator.flannel;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Makes text safe to print: in a status, an Event, a log, a response over HTTP, a metric's label.
 * Text that others wrote (agents, Nodes, other controllers, API server messages that repeat it) may
 * move a terminal's cursor, start a line that looks like ours, or reverse or hide characters; and
 * the API server rejects a status with some of it.
 *
 * <p>Such characters are replaced one by one: white space other than a space (line breaks, tabs,
 * U+0085, U+2028, U+2029) by a space, so that words stay apart, and the rest by {@code ?}, which
 * every terminal, font and log reader shows. Escapes such as {@code \\u009b} would tell more, but
 * make the text longer than the field that it was measured for. Replaced are, by Unicode's general
 * category: Cc (controls: C0, DEL, C1), Cf (format: bidirectional, zero-width, tags, U+FEFF), Zl
 * and Zp, Cs (unpaired surrogates), Co (private use), Cn (unassigned and noncharacters); and of the
 * other categories the characters that no font shows ({@code Default_Ignorable_Code_Point}), since
 * names that differ only in them look equal.
 *
 * <p>All methods leave their own output unchanged. Lengths are in UTF-16 units unless stated
 * otherwise, and a surrogate pair is never cut.
 */
public final class PrintableText {
  private static final char UNPRINTABLE = '?';
  private static final String ELLIPSIS = "…";

  private PrintableText() {}

  /** Returns the text on one line. */
  public static String of(String text) {
    return clean(text, false);
  }

  /** Like {@link #of}, but keeps line feeds. */
  public static String lines(String text) {
    return clean(text, true);
  }

  /** Returns the text on one line, stripped, with each run of spaces collapsed into one. */
  public static String words(String text) {
    return of(text).strip().replaceAll(" {2,}", " ");
  }

  /**
   * Returns the text on one line, cut to a length; a text that was cut ends with an ellipsis.
   *
   * @param length maximum in UTF-16 units, which are never fewer than what the API server's {@code
   *     maxLength} counts; 1 or more
   */
  public static String shortened(String text, int length) {
    return cut(of(text), length);
  }

  /**
   * Like {@link #shortened}, but limits the length in UTF-8.
   *
   * @param bytes maximum in bytes; 3 or more
   */
  public static String shortenedToBytes(String text, int bytes) {
    String clean = of(text);
    if (clean.length() <= bytes / 3 || clean.getBytes(UTF_8).length <= bytes) {
      return clean;
    }
    int room = bytes - ELLIPSIS.getBytes(UTF_8).length;
    int end = 0;
    while (end < clean.length()) {
      int character = clean.codePointAt(end);
      room -= bytesOf(character);
      if (room < 0) {
        break;
      }
      end += Character.charCount(character);
    }
    return clean.substring(0, end) + ELLIPSIS;
  }

  /**
   * Cuts a text to a length and changes nothing else; a text that was cut ends with an ellipsis.
   *
   * @param length maximum in UTF-16 units; 1 or more
   */
  public static String cut(String text, int length) {
    if (text.length() <= length) {
      return text;
    }
    int end = length - ELLIPSIS.length();
    boolean halves = end > 0 && Character.isHighSurrogate(text.charAt(end - 1));
    return text.substring(0, halves ? end - 1 : end) + ELLIPSIS;
  }

  private static int bytesOf(int character) {
    return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  }

  private static String clean(String text, boolean keepLines) {
    int first = 0;
    while (first < text.length() && isPlain(text.charAt(first))) {
      first++;
    }
    if (first == text.length()) {
      return text;
    }
    StringBuilder clean = new StringBuilder(text.length()).append(text, 0, first);
    for (int i = first; i < text.length(); ) {
      int character = text.codePointAt(i);
      if (character == '\n' && keepLines) {
        clean.append('\n');
      } else if (isPrintable(character)) {
        clean.appendCodePoint(character);
      } else {
        clean.append(isBlank(character) ? ' ' : UNPRINTABLE);
      }
      i += Character.charCount(character);
    }
    return clean.toString();
  }

  /** Most text is ASCII and needs no lookup in Unicode's tables. */
  private static boolean isPlain(char character) {
    return character >= ' ' && character < 0x7f;
  }

  private static boolean isBlank(int character) {
    return (character >= '\t' && character <= '\r')
        || character == 0x85
        || character == 0x2028
        || character == 0x2029;
  }

  /** Whether a character can be printed on a line. */
  static boolean isPrintable(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> !isInvisible(character);
    };
  }

  /**
   * Unicode's Default_Ignorable_Code_Point, without the categories above: the combining grapheme
   * joiner, Hangul fillers, inherent vowels of Khmer, Mongolian separators and variation selectors.
   */
  private static boolean isInvisible(int character) {
    return character == 0x34f
        || character == 0x115f
        || character == 0x1160
        || character == 0x17b4
        || character == 0x17b5
        || (character >= 0x180b && character <= 0x180f)
        || character == 0x3164
        || (character >= 0xfe00 && character <= 0xfe0f)
        || character == 0xffa0
        || (character >= 0xe0100 && character <= 0xe01ef);
  }
}
