package io.flannel.operator.flannel.live;

import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.Times;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What flannel's DaemonSet records of its rollouts, in its annotations. They are written together
 * with the template, in one request: an operator that is killed at any time continues from there.
 *
 * @param revision the current template's {@link #REVISION}; empty if it has none
 * @param changedAt when the current template was written, if that is known
 * @param previous the last revision that ran on every node, to which a failed rollout is rolled
 *     back: the current one once it did; empty until an installation is complete
 * @param unhealthyBefore nodes ({@code node3}) and pairs of them ({@code node1/node2}) whose
 *     tunnels were not healthy when the current template was written, and nodes on which flannel
 *     did not run ({@code node3:not-running})
 * @param rolledBack what failed, if the current template replaced a failed one
 * @param cuts whether nodes of different templates may not reach each other's pods: the change was
 *     disruptive, and allowed
 */
public record RolloutAnnotations(
    String revision,
    Optional<Instant> changedAt,
    Optional<String> previous,
    Set<String> unhealthyBefore,
    Optional<RolledBack> rolledBack,
    boolean cuts) {

  /** An annotation of the pods' template, so of every pod: a hash that names the template. */
  public static final String REVISION = "flannel.io/revision";

  /**
   * The pods' readiness gate. The operator opens it once it has measured that the pod's node again
   * reaches everything that it reached before.
   */
  public static final String GATE = "flannel.io/tunnel-healthy";

  /** An annotation of the FlannelNetwork: another value restarts a failed rollout. */
  public static final String RETRY = "flannel.io/retry";

  private static final String CHANGED_AT = "flannel.io/changed-at";
  private static final String PREVIOUS = "flannel.io/previous-revision";
  private static final String UNHEALTHY_BEFORE = "flannel.io/unhealthy-before";
  private static final String DISRUPTIVE = "flannel.io/disruptive";
  private static final String ROLLED_BACK = "flannel.io/rolled-back-revision";
  private static final String ROLLED_BACK_RETRY = "flannel.io/rolled-back-retry";
  private static final String ROLLED_BACK_REASON = "flannel.io/rolled-back-reason";

  /** What the previous version called them: still read for one version, no longer written. */
  private static final Map<String, String> EARLIER =
      Map.of(
          UNHEALTHY_BEFORE, "flannel.io/" + "ill-before",
          DISRUPTIVE, "flannel.io/" + "cuts-traffic",
          ROLLED_BACK, "flannel.io/" + "taken-back-revision",
          ROLLED_BACK_RETRY, "flannel.io/" + "taken-back-try",
          ROLLED_BACK_REASON, "flannel.io/" + "taken-back-because",
          RETRY, "flannel.io/" + "try-again");

  private static final int REASON_LENGTH = 1024;

  /**
   * Maximum length, the same as of a label's value: a date, or any other value that somebody chose.
   */
  private static final int ATTEMPT_LENGTH = 63;

  /** For a DaemonSet without any of these annotations. */
  public static final RolloutAnnotations NONE =
      new RolloutAnnotations("", Optional.empty(), Optional.empty(), Set.of(), Optional.empty());

  /**
   * A rollout that failed and was rolled back.
   *
   * @param revision the revision that failed
   * @param attempt the FlannelNetwork's annotation {@link #RETRY} when it failed; empty if it had
   *     none
   * @param because the reason, as a sentence
   */
  public record RolledBack(String revision, String attempt, String because) {
    /** A control character in an annotation would make writing the DaemonSet fail. */
    public RolledBack {
      because = PrintableText.of(because);
    }
  }

  /** For a change that cuts no traffic. */
  public RolloutAnnotations(
      String revision,
      Optional<Instant> changedAt,
      Optional<String> previous,
      Set<String> unhealthyBefore,
      Optional<RolledBack> rolledBack) {
    this(revision, changedAt, previous, unhealthyBefore, rolledBack, false);
  }

  /** Reads them. Values that can't be read count as missing. */
  public static RolloutAnnotations read(
      @Nullable Map<String, String> ofDaemonSet, @Nullable Map<String, String> ofTemplate) {
    Map<String, String> marks = ofDaemonSet == null ? Map.of() : ofDaemonSet;
    Function<String, Optional<String>> mark = key -> named(marks, key);
    return new RolloutAnnotations(
        ofTemplate == null ? "" : ofTemplate.getOrDefault(REVISION, ""),
        mark.apply(CHANGED_AT).flatMap(Times::tryParse),
        mark.apply(PREVIOUS),
        mark.apply(UNHEALTHY_BEFORE)
            .map(text -> Arrays.stream(text.split(",")).collect(Collectors.toUnmodifiableSet()))
            .orElse(Set.of()),
        mark.apply(ROLLED_BACK)
            .map(
                revision ->
                    new RolledBack(
                        revision,
                        mark.apply(ROLLED_BACK_RETRY).map(RolloutAnnotations::attempt).orElse(""),
                        mark.apply(ROLLED_BACK_REASON)
                            .map(RolloutAnnotations::cut)
                            .orElse("it failed"))),
        mark.apply(DISRUPTIVE).filter("true"::equals).isPresent());
  }

  /** The DaemonSet's annotations; {@link #REVISION} is the template's. */
  public Map<String, String> annotations() {
    Map<String, String> annotations = new LinkedHashMap<>();
    changedAt.ifPresent(time -> annotations.put(CHANGED_AT, time.toString()));
    previous.ifPresent(it -> annotations.put(PREVIOUS, it));
    if (!unhealthyBefore.isEmpty()) {
      SortedSet<String> sorted = new TreeSet<>(unhealthyBefore);
      annotations.put(UNHEALTHY_BEFORE, String.join(",", sorted));
    }
    if (cuts) {
      annotations.put(DISRUPTIVE, "true");
    }
    rolledBack.ifPresent(
        failed -> {
          annotations.put(ROLLED_BACK, failed.revision());
          if (!failed.attempt().isEmpty()) {
            annotations.put(ROLLED_BACK_RETRY, failed.attempt());
          }
          annotations.put(ROLLED_BACK_REASON, failed.because());
        });
    return annotations;
  }

  /**
   * Whether the current template has been on every node. What happens to its pods later is not a
   * failure of the rollout.
   */
  public boolean isComplete() {
    return previous.equals(Optional.of(revision));
  }

  /**
   * Whether the current template was written after a time; false if either time is not known.
   *
   * @param time RFC 3339, or null
   */
  public boolean changedAfter(@Nullable String time) {
    return time != null
        && changedAt
            .filter(written -> Times.tryParse(time).filter(written::isAfter).isPresent())
            .isPresent();
  }

  private static Optional<String> named(Map<String, String> annotations, String key) {
    return Optional.ofNullable(annotations.get(key))
        .or(
            () ->
                Optional.ofNullable(EARLIER.get(key))
                    .flatMap(earlier -> Optional.ofNullable(annotations.get(earlier))))
        .filter(text -> !text.isEmpty());
  }

  /**
   * The value of {@link #RETRY} as it is compared and stored, whatever somebody wrote.
   *
   * @param ofNetwork the FlannelNetwork's annotations
   */
  public static String attempt(@Nullable Map<String, String> ofNetwork) {
    return named(ofNetwork == null ? Map.of() : ofNetwork, RETRY)
        .map(RolloutAnnotations::attempt)
        .orElse("");
  }

  private static String attempt(String written) {
    return PrintableText.shortened(written, ATTEMPT_LENGTH);
  }

  /** It is kept in annotations that others can write, and in the status. */
  private static String cut(String because) {
    return PrintableText.cut(because, REASON_LENGTH);
  }

  /**
   * Returns these annotations for when the current template is on every node; earlier failures are
   * dropped.
   */
  public RolloutAnnotations completed() {
    return new RolloutAnnotations(
        revision,
        changedAt,
        revision.isEmpty() ? previous : Optional.of(revision),
        unhealthyBefore,
        Optional.empty(),
        cuts);
  }
}
