package io.flannel.operator.flannel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Printed text has no invisible or control characters. */
class PrintableTextTest {
  private static final Set<Integer> NEVER =
      Set.of(
          (int) Character.CONTROL,
          (int) Character.FORMAT,
          (int) Character.LINE_SEPARATOR,
          (int) Character.PARAGRAPH_SEPARATOR,
          (int) Character.SURROGATE,
          (int) Character.PRIVATE_USE,
          (int) Character.UNASSIGNED);

  @Example
  void controlsOfAllOfUnicodeAreReplaced() {
    for (int character = 0; character <= Character.MAX_CODE_POINT; character++) {
      String printed = PrintableText.of("a" + Character.toString(character) + "b");
      assertThat(NEVER)
          .as("U+%04X", character)
          .doesNotContain(Character.getType(printed.codePointAt(1)));
      assertThat(printed).as("U+%04X", character).startsWith("a").endsWith("b");
      assertThat(printed.codePointCount(0, printed.length())).isEqualTo(3);
    }
  }

  @Example
  void whatEndsALineOrSetsACursorIsASpaceAndTheRestAQuestionMark() {
    assertThat(PrintableText.of("a\tb\nc\rd\fe\u000bf\u0085g\u2028h\u2029i"))
        .isEqualTo("a b c d e f g h i");
    assertThat(PrintableText.of("\u0000\u001b[31m\u007f\u009b2J")).isEqualTo("??[31m??2J");
    IntStream.of(
            0x61c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069, 0x200b, 0x200d, 0x2060, 0xfeff,
            0xad, 0xe0001, 0xe0041, 0xe000, 0xf0000, 0x10fffd, 0xfffe, 0xffff, 0x1ffff, 0xfdd0,
            0xe01ef, 0xfe0f, 0x3164)
        .forEach(
            character ->
                assertThat(PrintableText.of(Character.toString(character)))
                    .as("U+%04X", character)
                    .isEqualTo("?"));
    assertThat(PrintableText.of("\ud83d \udd25")).isEqualTo("? ?");
  }

  @Example
  void textThatPeopleWriteStays() {
    String written = "Zürich – 東京 → 10.0.0.0/8 “ok” … 🔥 ñ עברית العربية";
    assertThat(PrintableText.of(written)).isEqualTo(written);
    assertThat(PrintableText.lines("a: 1\nb: 2\n")).isEqualTo("a: 1\nb: 2\n");
    assertThat(PrintableText.lines("a\r\nb\u2028c")).isEqualTo("a \nb c");
    assertThat(PrintableText.words(" a\n\t b  c\u009b ")).isEqualTo("a b c?");
  }

  @Example
  void aPairIsCutAsOne() {
    assertThat(PrintableText.shortened("ab🔥cd", 4)).isEqualTo("ab…");
    assertThat(PrintableText.shortened("ab🔥cd", 5)).isEqualTo("ab🔥…");
    assertThat(PrintableText.shortened("ab🔥cd", 6)).isEqualTo("ab🔥cd");
    assertThat(PrintableText.shortenedToBytes("ab🔥cd", 8)).isEqualTo("ab🔥cd");
    assertThat(PrintableText.shortenedToBytes("ab🔥cd", 7)).isEqualTo("ab…");
    assertThat(PrintableText.shortenedToBytes("üüüü", 7)).isEqualTo("üü…");
  }

  @Property
  void printableTextStays(
      @ForAll("anything") String text, @ForAll @IntRange(min = 3, max = 64) int size) {
    String line = PrintableText.of(text);
    assertThat(line.codePoints()).allMatch(PrintableText::isPrintable);
    assertThat(line.length()).isLessThanOrEqualTo(text.length());
    assertThat(PrintableText.of(line)).isEqualTo(line);
    String lines = PrintableText.lines(text);
    assertThat(lines.codePoints()).allMatch(it -> it == '\n' || PrintableText.isPrintable(it));
    assertThat(PrintableText.lines(lines)).isEqualTo(lines);
    String words = PrintableText.words(text);
    assertThat(words).doesNotContain("  ").isEqualTo(words.strip());
    assertThat(PrintableText.words(words)).isEqualTo(words);
    String cut = PrintableText.shortened(text, size);
    assertThat(cut).hasSizeLessThanOrEqualTo(size);
    assertThat(cut.codePoints()).allMatch(PrintableText::isPrintable);
    assertThat(PrintableText.shortened(cut, size)).isEqualTo(cut);
    String encoded = PrintableText.shortenedToBytes(text, size);
    assertThat(encoded.getBytes(UTF_8)).hasSizeLessThanOrEqualTo(size);
    assertThat(encoded.codePoints()).allMatch(PrintableText::isPrintable);
    assertThat(PrintableText.shortenedToBytes(encoded, size)).isEqualTo(encoded);
  }

  /** Any code points, more often those that matter, including lone surrogates. */
  @Provide
  static Arbitrary<String> anything() {
    Arbitrary<String> characters =
        Arbitraries.oneOf(
                Arbitraries.integers().between(0, Character.MAX_CODE_POINT),
                Arbitraries.integers().between(0, 0xff),
                Arbitraries.integers().between(0x2000, 0x206f),
                Arbitraries.integers().between(0xd800, 0xdfff),
                Arbitraries.integers().between(0x1f300, 0x1f6ff))
            .map(Character::toString);
    return characters.list().ofMaxSize(80).map(all -> String.join("", all));
  }
}
