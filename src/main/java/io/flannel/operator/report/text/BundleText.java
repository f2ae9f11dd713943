package io.flannel.operator.report.text;

import io.flannel.operator.report.view.NetworkView;
import io.flannel.operator.report.view.Replica;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Everything that the operator reports about all networks, for a bug report: part of {@code
 * bundle}.
 */
public final class BundleText {
  private BundleText() {}

  /**
   * Returns the text, with all columns for nodes.
   *
   * @param java the version of the JVM that the operator runs on
   */
  public static String of(Replica replica, List<NetworkView> networks, String java, Instant now) {
    StringBuilder words =
        new StringBuilder()
            .append(
                new LabelledLines("")
                    .add("Operator", replica.version())
                    .add("Java", java)
                    .add("Instance", replica.instance())
                    .add("Leader", replica.leader().orElse("none"))
                    .add("Time", now.truncatedTo(ChronoUnit.SECONDS).toString()));
    for (NetworkView network : networks) {
      words
          .append("\n== status of ")
          .append(network.name())
          .append("\n\n")
          .append(StatusText.of(network, now).text())
          .append("\n== problems of ")
          .append(network.name())
          .append("\n\n")
          .append(ProblemText.of(network, now).text())
          .append("\n== nodes of ")
          .append(network.name())
          .append("\n\n")
          .append(NodeText.of(network, true, now).text());
    }
    return words.toString();
  }
}
