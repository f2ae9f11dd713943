package io.flannel.operator.report.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flannel.operator.report.path.PacketPath;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How text fits into lines of 80 columns. */
class LabelledLinesTest {
  @Test
  void aLineIsAsLongAsTheTerminalAndNoLonger() {
    String word = "w".repeat(39);
    assertThat(LabelledLines.paragraph(word + " " + word + "w"))
        .isEqualTo(word + " " + word + "w\n");
    assertThat(LabelledLines.paragraph(word + " " + word + "ww"))
        .isEqualTo(word + "\n" + word + "ww\n");
  }

  @Test
  void aLongWordIsNotBroken() {
    assertThat(LabelledLines.paragraph("a " + "w".repeat(100) + " b"))
        .isEqualTo("a\n" + "w".repeat(100) + "\nb\n");
  }

  @Test
  void theNextLinesOfATextBeginBelowTheFirst() {
    String word = "w".repeat(40);
    assertThat(new LabelledLines(" ").add("Long", word + " " + word).add("A", "b").toString())
        .isEqualTo(" Long  " + word + "\n       " + word + "\n A     b\n");
  }

  @Test
  void aTableRefusesARowOfAnotherLength() {
    Table table = new Table("A", "B");
    assertThatThrownBy(() -> table.row("a")).isInstanceOf(IllegalArgumentException.class);
    table.row("long", null);
    assertThat(table.toString()).isEqualTo("A      B\nlong   -\n");
  }

  @Test
  void aHopIsToldWithItsDeviceAndRoute() {
    PacketPath path =
        new PacketPath(
            "n1",
            "n2",
            "host-gw",
            Way.DIRECT,
            true,
            "It works.",
            null,
            null,
            null,
            List.of(
                new Hop(
                    Kind.ROUTE,
                    "n1",
                    "route",
                    "eth0",
                    null,
                    null,
                    "10.244.2.0/24 via 192.168.0.82 dev eth0",
                    List.of(),
                    State.OK,
                    "a note")));
    assertThat(PathText.of(path).text())
        .isEqualTo(
            """
            n1 -> n2 by host-gw, directly
            It works.

            on n1
               1  ok       route, eth0
                           a note
                           10.244.2.0/24 via 192.168.0.82 dev eth0
            """);
  }

  @Test
  void aBrokenPathMayLackMessageAndRemedy() {
    PacketPath path =
        new PacketPath(
            "a", "b", "ipip", Way.TUNNEL, false, "It breaks.", "Odd", null, null, List.of());
    assertThat(PathText.of(path).text()).endsWith("It breaks.\n\n\nOdd\n");
  }
}
