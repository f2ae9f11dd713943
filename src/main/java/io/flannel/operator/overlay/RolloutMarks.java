package io.flannel.operator.overlay;

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
 * What flannel's DaemonSet remembers of its rollouts, in its annotations. They are written together
 * with the template, in one request: an operator that is killed at any time goes on from there.
 *
 * @param revision the present template's {@link #REVISION}; empty if it has none
 * @param changedAt when the present template was written, if that is known
 * @param previous the last revision that ran on every node, which a failed rollout goes back to:
 *     the present one once it did; empty until an installation is through
 * @param illBefore nodes ({@code node3}) and pairs of them ({@code node1/node2}) whose tunnels were
 *     not healthy when the present template was written, and nodes on which flannel did not run
 *     ({@code node3:not-running})
 * @param takenBack what failed, if the present template is there because another one did
 * @param cuts whether nodes of different templates may not reach each other's pods: the change was
 *     disruptive, and allowed
 */
public record RolloutMarks(
    String revision,
    Optional<Instant> changedAt,
    Optional<String> previous,
    Set<String> illBefore,
    Optional<TakenBack> takenBack,
    boolean cuts) {

  /** An annotation of the pods' template, so of every pod: names the template by a hash. */
  public static final String REVISION = "flannel.io/revision";

  /**
   * The pods' readiness gate: the operator opens it when it has measured that the pod's node
   * reaches again all that it reached before.
   */
  public static final String GATE = "flannel.io/tunnel-healthy";

  /** An annotation of the FlannelNetwork: another value makes a failed rollout begin again. */
  public static final String TRY_AGAIN = "flannel.io/try-again";

  private static final String CHANGED_AT = "flannel.io/changed-at";
  private static final String PREVIOUS = "flannel.io/previous-revision";
  private static final String ILL_BEFORE = "flannel.io/ill-before";
  private static final String CUTS = "flannel.io/cuts-traffic";
  private static final String TAKEN_BACK = "flannel.io/taken-back-revision";
  private static final String TAKEN_BACK_TRY = "flannel.io/taken-back-try";
  private static final String TAKEN_BACK_BECAUSE = "flannel.io/taken-back-because";

  private static final int BECAUSE_LENGTH = 1024;

  /** A date, or whatever somebody takes for another value; no more than a label's value has. */
  private static final int ATTEMPT_LENGTH = 63;

  /** What is known of a DaemonSet without any of these annotations. */
  public static final RolloutMarks NONE =
      new RolloutMarks("", Optional.empty(), Optional.empty(), Set.of(), Optional.empty());

  /**
   * A rollout that failed and was taken back.
   *
   * @param revision that failed
   * @param attempt the FlannelNetwork's annotation {@link #TRY_AGAIN} when it failed; empty: none
   * @param because why, as a sentence
   */
  public record TakenBack(String revision, String attempt, String because) {
    /** An annotation with a control character would keep the DaemonSet from being written. */
    public TakenBack {
      because = PrintableText.of(because);
    }
  }

  /** Those of a change that cuts nothing. */
  public RolloutMarks(
      String revision,
      Optional<Instant> changedAt,
      Optional<String> previous,
      Set<String> illBefore,
      Optional<TakenBack> takenBack) {
    this(revision, changedAt, previous, illBefore, takenBack, false);
  }

  /** Reads them; what cannot be read is as if it were not there. */
  public static RolloutMarks read(
      @Nullable Map<String, String> ofDaemonSet, @Nullable Map<String, String> ofTemplate) {
    Map<String, String> marks = ofDaemonSet == null ? Map.of() : ofDaemonSet;
    Function<String, Optional<String>> mark =
        key -> Optional.ofNullable(marks.get(key)).filter(text -> !text.isEmpty());
    return new RolloutMarks(
        ofTemplate == null ? "" : ofTemplate.getOrDefault(REVISION, ""),
        mark.apply(CHANGED_AT).flatMap(Times::tryParse),
        mark.apply(PREVIOUS),
        mark.apply(ILL_BEFORE)
            .map(text -> Arrays.stream(text.split(",")).collect(Collectors.toUnmodifiableSet()))
            .orElse(Set.of()),
        mark.apply(TAKEN_BACK)
            .map(
                revision ->
                    new TakenBack(
                        revision,
                        mark.apply(TAKEN_BACK_TRY).map(RolloutMarks::attempt).orElse(""),
                        mark.apply(TAKEN_BACK_BECAUSE).map(RolloutMarks::cut).orElse("it failed"))),
        mark.apply(CUTS).filter("true"::equals).isPresent());
  }

  /** The annotations that the DaemonSet is to have; {@link #REVISION} is the template's. */
  public Map<String, String> annotations() {
    Map<String, String> annotations = new LinkedHashMap<>();
    changedAt.ifPresent(time -> annotations.put(CHANGED_AT, time.toString()));
    previous.ifPresent(it -> annotations.put(PREVIOUS, it));
    if (!illBefore.isEmpty()) {
      SortedSet<String> sorted = new TreeSet<>(illBefore);
      annotations.put(ILL_BEFORE, String.join(",", sorted));
    }
    if (cuts) {
      annotations.put(CUTS, "true");
    }
    takenBack.ifPresent(
        failed -> {
          annotations.put(TAKEN_BACK, failed.revision());
          if (!failed.attempt().isEmpty()) {
            annotations.put(TAKEN_BACK_TRY, failed.attempt());
          }
          annotations.put(TAKEN_BACK_BECAUSE, failed.because());
        });
    return annotations;
  }

  /**
   * Whether the present template was on every node once. What becomes of its pods later is no
   * failure of the rollout.
   */
  public boolean isThrough() {
    return previous.equals(Optional.of(revision));
  }

  /**
   * Whether the present template was written after a time.
   *
   * @param time RFC 3339; null: no, and so if it is not known when the template was written
   */
  public boolean changedAfter(@Nullable String time) {
    return time != null
        && changedAt
            .filter(written -> Times.tryParse(time).filter(written::isAfter).isPresent())
            .isPresent();
  }

  /** The value of {@link #TRY_AGAIN} as it is compared and kept, whatever somebody wrote. */
  public static String attempt(String written) {
    return PrintableText.shortened(written, ATTEMPT_LENGTH);
  }

  /** It stands in annotations that others can write, and in the status. */
  private static String cut(String because) {
    return PrintableText.cut(because, BECAUSE_LENGTH);
  }

  /** The same once the present template is on every node; what failed before it is forgotten. */
  public RolloutMarks through() {
    return new RolloutMarks(
        revision,
        changedAt,
        revision.isEmpty() ? previous : Optional.of(revision),
        illBefore,
        Optional.empty(),
        cuts);
  }
}
