package io.flannel.operator.report.words;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.Change;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.overlay.Names;
import io.flannel.operator.report.view.NetworkView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A network in a few lines: {@code kubectl flannel status}. */
public final class StatusWords {
  private StatusWords() {}

  /** Says how it is now. */
  public static Words of(NetworkView network, Instant now) {
    Facts facts =
        new Facts("")
            .add("Network", network.name() + (network.deleting() ? ", being deleted" : ""));
    if (!Words.isSeen(network)) {
      return new Words(facts.add("Ready", NotSeen.NEVER).toString(), false);
    }
    FlannelNetworkStatus status = network.status();
    if (!Words.isOfPresentSpec(network)) {
      facts.add("", NotSeen.SPEC);
    }
    Words.ready(network)
        .ifPresent(
            ready ->
                facts.add(
                    "Ready",
                    "%s%s, %s: %s"
                        .formatted(
                            Said.of(ready.status()),
                            since(ready.lastTransitionTime(), now),
                            ready.reason(),
                            ready.message())));
    running(facts, status.applied());
    nodes(facts, status.summary());
    rollout(facts, status.rollout());
    change(facts, status.change());
    adoption(facts, status.adoption());
    problems(facts, Words.orNone(status.problems()), now);
    return new Words(facts.toString(), Words.isWell(network));
  }

  private static void running(Facts facts, @Nullable Applied applied) {
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

  private static void nodes(Facts facts, @Nullable Summary summary) {
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

  private static void rollout(Facts facts, @Nullable Rollout rollout) {
    if (rollout == null || rollout.phase() == null) {
      return;
    }
    facts.add(
        "Rollout",
        "%s, %d of %d nodes%s%s"
            .formatted(
                Said.of(rollout.phase()),
                Objects.requireNonNullElse(rollout.updated(), 0),
                Objects.requireNonNullElse(rollout.total(), 0),
                rollout.expectedEnd() == null ? "" : ", through at about " + rollout.expectedEnd(),
                rollout.phase() == Rollout.Phase.COMPLETE || rollout.message() == null
                    ? ""
                    : ": " + rollout.message()));
  }

  private static void change(Facts facts, @Nullable Change change) {
    if (change != null && change.judgement() != null) {
      facts.add("Change", Said.of(change.judgement()) + said(change.message()));
    }
  }

  private static void adoption(Facts facts, @Nullable Adoption adoption) {
    if (adoption != null && adoption.phase() != null) {
      facts.add(
          "Adoption",
          "%s, of %s%s"
              .formatted(
                  Said.of(adoption.phase()), adoption.daemonSet(), said(adoption.message())));
    }
  }

  private static void problems(Facts facts, List<Problem> problems, Instant now) {
    if (problems.isEmpty()) {
      facts.add("Problems", "none");
      return;
    }
    String label = "Problems";
    for (Problem problem : problems) {
      List<String> nodes = Words.orNone(problem.nodes());
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
