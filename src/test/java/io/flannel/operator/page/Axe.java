package io.flannel.operator.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.flannel.operator.testing.browser.Tab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;

/** Deque's axe-core: checks against WCAG 2.2 A and AA, and good practice. */
final class Axe {
  private Axe() {}

  /** Returns every finding on the page in its current state: the rule, what is wrong and where. */
  static List<String> findings(Tab tab) {
    try (var script = Axe.class.getResourceAsStream("/axe.min.js")) {
      tab.value(new String(Objects.requireNonNull(script).readAllBytes(), UTF_8) + ";0");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    JsonNode violations =
        tab.value(
            """
            axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
              .then(({ violations }) => violations.map(it => `${it.id}: ${it.help}: `
                + it.nodes.map(node => node.html.slice(0, 200) + ' ' + node.failureSummary).join(' | ')))
            """);
    return StreamSupport.stream(violations.spliterator(), false).map(JsonNode::asText).toList();
  }
}
