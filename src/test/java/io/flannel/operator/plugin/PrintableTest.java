package io.flannel.operator.plugin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.flannel.PrintableText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The filter that the plugin's output passes before it reaches a terminal, in several shells and
 * locales.
 */
class PrintableTest {
  private static final String PLUGIN = "kubectl-plugin/kubectl-flannel";

  /**
   * Categories that are always replaced; of Cf and Cn, only the characters that the plugin names.
   */
  private static final Set<Integer> ALWAYS =
      Set.of(
          (int) Character.CONTROL,
          (int) Character.LINE_SEPARATOR,
          (int) Character.PARAGRAPH_SEPARATOR,
          (int) Character.PRIVATE_USE);

  private static final Set<Integer> NAMED =
      Set.of(
          0xad, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c,
          0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0x206f, 0xfeff, 0xfff9, 0xfffe,
          0xffff, 0xfdd0, 0xfdef, 0x1fffe, 0x10ffff, 0xe0001, 0xe007f, 0xe01ef, 0xfe0f);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"sh, C", "sh, C.UTF-8", "bash, C.UTF-8", "bash --posix, C", "busybox sh, C.UTF-8"})
  void everyCharacterIsItselfOrAQuestionMark(String shell, String locale) throws Exception {
    List<Integer> characters =
        Stream.iterate(0, it -> it <= Character.MAX_CODE_POINT, it -> it + (it < 0x30000 ? 1 : 7))
            .filter(it -> it < Character.MIN_SURROGATE || it > Character.MAX_SURROGATE)
            .filter(it -> it != '\n')
            .toList();
    var input = new ByteArrayOutputStream();
    for (int character : characters) {
      input.write(("<" + Character.toString(character) + ">\n").getBytes(UTF_8));
    }
    List<String> printed = new String(printable(shell, locale, input), UTF_8).lines().toList();
    assertThat(printed).hasSameSizeAs(characters);
    for (int i = 0; i < printed.size(); i++) {
      int character = characters.get(i);
      String itself = "<" + Character.toString(character) + ">";
      if (PrintableText.of(itself).equals(itself) || character == '\t') {
        assertThat(printed.get(i)).as("U+%04X", character).isEqualTo(itself);
      } else if (ALWAYS.contains(Character.getType(character)) || NAMED.contains(character)) {
        assertThat(printed.get(i)).as("U+%04X", character).isEqualTo("<?>");
      } else {
        assertThat(printed.get(i)).as("U+%04X", character).isIn(itself, "<?>");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"sh, C", "bash, C.UTF-8", "busybox sh, C.UTF-8"})
  void whatIsNoUtf8HasNoByteThatATerminalObeys(String shell, String locale) throws Exception {
    var input = new ByteArrayOutputStream();
    // 8-bit CSI, truncated characters, an encoded surrogate, an overlong escape, and a character
    // beyond Unicode.
    for (String bytes :
        List.of(
            "a\u009b2Jb",
            "\u0080\u0081",
            "\u00c3(",
            "\u00e2\u0080",
            "\u00c3\u00c3\u00a9",
            "\u00ed\u00a0\u0080.",
            "\u00c0\u009b.",
            "\u00e0\u0082\u009b.",
            "\u00f4\u0090\u0080\u0080.",
            "x\0y\u001b]0;z\u0007")) {
      input.write(bytes.getBytes(ISO_8859_1));
      input.write('\n');
    }
    assertThat(new String(printable(shell, locale, input), UTF_8))
        .isEqualTo("a?2Jb\n??\n?(\n??\n?é\n?.\n??.\n?.\n?.\nx?y?]0;z?\n");
  }

  private byte[] printable(String shell, String locale, ByteArrayOutputStream input)
      throws IOException, InterruptedException {
    Path file = Files.write(folder.resolve("input"), input.toByteArray());
    var command = new ProcessBuilder(List.of((shell + " " + PLUGIN + " __printable").split(" ")));
    command.environment().put("LC_ALL", locale);
    if (shell.startsWith("busybox")) {
      for (String tool : List.of("sed", "tr")) {
        Files.createSymbolicLink(folder.resolve(tool), Path.of("/usr/bin/busybox"));
      }
      command.environment().merge("PATH", folder.toString(), (path, first) -> first + ":" + path);
    }
    Process plugin =
        command.redirectInput(file.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    byte[] printed = plugin.getInputStream().readAllBytes();
    assertThat(plugin.waitFor()).isZero();
    return printed;
  }
}
