package io.flannel.operator.observe;

import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.runtime.ApiErrors;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node agents' reports. One that can't be read or judged does not affect the others. */
public final class AgentReports {
  private static final Logger LOG = LoggerFactory.getLogger(AgentReports.class);

  private AgentReports() {}

  /**
   * Reads the report of each node that has a FlannelNode.
   *
   * @param now the current time, from which a report's age is measured
   * @return the reports by node name
   */
  public static Map<String, AgentReport> at(Instant now, Watches watches) {
    return watches
        .invalidReports()
        .judge(
            watches
                .list(FlannelNode.class)
                .collect(Collectors.toMap(AgentReports::name, node -> report(node, now, watches))),
            now);
  }

  private static AgentReport report(FlannelNode node, Instant now, Watches watches) {
    Optional<String> unread = Unread.of(node).in("status");
    if (unread.isPresent()) {
      return new AgentReport.Nonsense(unread.get());
    }
    Instant since =
        watches
            .reportArrived(name(node))
            .or(() -> Times.tryParse(node.getMetadata().getCreationTimestamp()))
            .orElse(now);
    try {
      return AgentReport.read(
          node.getMetadata().getGeneration(),
          node.getSpec(),
          node.getStatus(),
          Duration.between(since, now));
    } catch (RuntimeException e) {
      // One broken report must not stop the others from being judged.
      if (watches.isNewFault(name(node), e)) {
        LOG.error("the report of FlannelNode {} could not be judged", name(node), e);
      }
      return new AgentReport.Nonsense("it could not be judged: " + ApiErrors.rootMessage(e));
    }
  }

  private static String name(FlannelNode node) {
    return node.getMetadata().getName();
  }
}
