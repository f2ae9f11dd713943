package io.flannel.operator.report.text;

import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.report.path.PacketPath;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A packet's path, hop by hop: {@code kubectl flannel path}. */
public final class PathText {
  private PathText() {}

  /** Returns the text; all is well if packets of every size pass both ways. */
  public static TextOutput of(PacketPath path) {
    StringBuilder words = new StringBuilder();
    words.append(
        "%s -> %s by %s, %s\n"
            .formatted(
                PrintableText.words(path.from()),
                PrintableText.words(path.to()),
                path.backend(),
                path.way() == Way.TUNNEL ? "through the tunnel" : "directly"));
    words.append(LabelledLines.paragraph(path.summary())).append('\n');
    int number = 1;
    @Nullable String at = null;
    for (Hop hop : path.hops()) {
      String where = hop.node() == null ? "between the nodes" : "on " + hop.node();
      if (!where.equals(at)) {
        words.append(PrintableText.words(where)).append('\n');
        at = where;
      }
      words.append(hop(number++, hop));
    }
    if (path.reason() != null) {
      words.append('\n').append(PrintableText.words(path.reason())).append('\n').append(why(path));
    }
    return new TextOutput(
        words.toString(), Boolean.TRUE.equals(path.works()) && path.reason() == null);
  }

  private static String hop(int number, Hop hop) {
    LabelledLines facts =
        new LabelledLines("")
            .add("%4d  %-7s".formatted(number, sign(hop.state())), String.join(", ", parts(hop)));
    if (hop.note() != null) {
      facts.add("", hop.note());
    }
    if (hop.detail() != null) {
      facts.add("", hop.detail());
    }
    for (String header : hop.headers()) {
      facts.add("", "| " + header);
    }
    return facts.toString();
  }

  private static String sign(State state) {
    return switch (state) {
      case OK -> "ok";
      case BROKEN -> "BROKEN";
      case UNKNOWN -> "?";
    };
  }

  private static List<String> parts(Hop hop) {
    List<String> parts = new ArrayList<>();
    parts.add(hop.title());
    if (hop.device() != null && !hop.title().equals(hop.device())) {
      parts.add(hop.device());
    }
    if (hop.address() != null) {
      parts.add(hop.address());
    }
    if (hop.mtu() != null) {
      parts.add("MTU " + hop.mtu());
    }
    return parts;
  }

  private static String why(PacketPath path) {
    LabelledLines facts = new LabelledLines("  ");
    if (path.message() != null) {
      facts.add("What", path.message());
    }
    if (path.remedy() != null) {
      facts.add("Do", path.remedy());
    }
    return facts.toString();
  }
}
