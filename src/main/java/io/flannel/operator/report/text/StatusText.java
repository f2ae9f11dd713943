package io.flannel.operator.report.text;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.Change;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.report.view.NetworkView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A network in a few lines: {@code kubectl flannel status}. */
public final class StatusText {
  private StatusText() {}

  public static TextOutput of(NetworkView network, Instant now) {
    LabelledLines facts =
        new LabelledLines("")
            .add("Network", network.name() + (network.deleting() ? ", being deleted" : ""));
    if (!TextOutput.isSeen(network)) {
      return new TextOutput(facts.add("Ready", UnobservedMessages.NEVER).toString(), false);
    }
    FlannelNetworkStatus status = network.status();
    if (!TextOutput.isOfPresentSpec(network)) {
      facts.add("", UnobservedMessages.SPEC);
    }
    TextOutput.ready(network)
        .ifPresent(
            ready ->
                facts.add(
                    "Ready",
                    "%s%s, %s: %s"
                        .formatted(
                            EnumText.of(ready.status()),
                            since(ready.lastTransitionTime(), now),
                            ready.reason(),
                            ready.message())));
    running(facts, status.applied());
    nodes(facts, status.summary());
    rollout(facts, status.rollout());
    change(facts, status.change());
    adoption(facts, status.adoption());
    problems(facts, TextOutput.orNone(status.problems()), now);
    return new TextOutput(facts.toString(), TextOutput.isWell(network));
  }

  private static void running(LabelledLines facts, @Nullable Applied applied) {
    if (applied == null) {
      return;
    }
    List<String> words = new ArrayList<>();
    if (applied.backend() != null) {
      words.add(
          applied.backend().wireName()
              + (Boolean.TRUE.equals(applied.directRouting()) ? " with DirectRouting" : ""));
    }
    if (applied.cidr() != null) {
      words.add(applied.cidr());
    }
    if (applied.ipv6CIDR() != null) {
      words.add(applied.ipv6CIDR());
    }
    if (applied.mtu() != null) {
      words.add("MTU " + applied.mtu());
    }
    if (applied.flannelVersion() != null) {
      words.add("flannel " + applied.flannelVersion());
    }
    facts.add("Running", words.isEmpty() ? "nothing that can be read" : String.join(", ", words));
  }

  private static void nodes(LabelledLines facts, @Nullable Summary summary) {
    if (summary == null) {
      return;
    }
    List<String> words = new ArrayList<>();
    words.add(Objects.requireNonNullElse(summary.nodes(), 0) + " in all");
    words.add(Objects.requireNonNullElse(summary.leased(), 0) + " leased");
    count(words, summary.healthy(), "healthy", true);
    count(words, summary.degraded(), "degraded", false);
    count(words, summary.down(), "down", false);
    count(words, summary.unknown(), "not measured", false);
    facts.add("Nodes", String.join(", ", words));
  }

  private static void count(
      List<String> words, @Nullable Integer count, String what, boolean evenNone) {
    if (count != null && (evenNone || count > 0)) {
      words.add(count + " " + what);
    }
  }

  private static void rollout(LabelledLines facts, @Nullable Rollout rollout) {
    if (rollout == null || rollout.phase() == null) {
      return;
    }
    facts.add(
        "Rollout",
        "%s, %d of %d nodes%s%s"
            .formatted(
                EnumText.of(rollout.phase()),
                Objects.requireNonNullElse(rollout.updated(), 0),
                Objects.requireNonNullElse(rollout.total(), 0),
                rollout.expectedEnd() == null ? "" : ", through at about " + rollout.expectedEnd(),
                rollout.phase() == Rollout.Phase.COMPLETE || rollout.message() == null
                    ? ""
                    : ": " + rollout.message()));
  }

  private static void change(LabelledLines facts, @Nullable Change change) {
    if (change != null && change.impact() != null) {
      facts.add("Change", EnumText.of(change.impact()) + said(change.message()));
    }
  }

  private static void adoption(LabelledLines facts, @Nullable Adoption adoption) {
    if (adoption != null && adoption.phase() != null) {
      facts.add(
          "Adoption",
          "%s, of %s%s"
              .formatted(
                  EnumText.of(adoption.phase()), adoption.daemonSet(), said(adoption.message())));
    }
  }

  private static void problems(LabelledLines facts, List<Problem> problems, Instant now) {
    if (problems.isEmpty()) {
      facts.add("Problems", "none");
      return;
    }
    String label = "Problems";
    for (Problem problem : problems) {
      List<String> nodes = TextOutput.orNone(problem.nodes());
      facts.add(
          label,
          "%s%s%s"
              .formatted(
                  problem.reason(),
                  nodes.isEmpty() ? "" : ": " + Names.and(nodes),
                  since(problem.since(), now)));
      label = "";
    }
    facts.add("", "what they are and what to do: kubectl flannel problems");
  }

  private static String said(@Nullable String message) {
    return message == null ? "" : ": " + message;
  }

  static String since(@Nullable String time, Instant now) {
    String age = Age.of(time, now);
    return age == null ? "" : " for " + age;
  }
}
