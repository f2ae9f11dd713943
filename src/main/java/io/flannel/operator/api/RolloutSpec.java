package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.IntOrString;
import org.jspecify.annotations.Nullable;

/** How a change reaches the nodes. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RolloutSpec(
    @JsonPropertyDescription(
            "How many nodes may be without a ready flannel pod at a time: a number from 1, or a"
                + " percentage such as 10%.")
        @ValidationRule(
            value =
                "type(self) == int ? self >= 1 && self <= 999999999 : self.matches('^([1-9][0-9]?|100)%$')",
            message =
                "rollout.maxUnavailable must be a number from 1, or a percentage from 1% to 100%")
        @Min(-Bounds.WHOLE_NUMBER)
        @Max(Bounds.WHOLE_NUMBER)
        @Size(max = Bounds.SHORT_TEXT)
        @Default("1")
        @Nullable IntOrString maxUnavailable,
    @JsonPropertyDescription(
            "Time without progress after which a rollout counts as failed, such as 10m; 30s to"
                + " 24h.")
        @Size(max = 32)
        @ValidationRule(
            value = DurationRules.FROM_30S_TO_24H,
            message =
                "rollout.progressDeadline must be a duration from 30s to 24h, such as 10m or 1h30m")
        @Default("10m")
        @Nullable String progressDeadline,
    @JsonPropertyDescription(
            "What a failed rollout does. Rollback goes back to what ran before; Pause leaves it"
                + " where it stopped.")
        @Default("Rollback")
        @Nullable OnFailure onFailure,
    @JsonPropertyDescription(
            "Whether a change that cuts traffic while it goes from node to node is carried out"
                + " (Allow) or refused with what it would cut (Refuse).")
        @Default("Refuse")
        @Nullable Disruption disruption) {

  /** What a failed rollout does. */
  public enum OnFailure {
    /** Rolls back to what ran before. */
    @JsonProperty("Rollback")
    ROLLBACK,
    /** Leaves it where it stopped. */
    @JsonProperty("Pause")
    PAUSE
  }

  /** Whether a change may cut traffic. */
  public enum Disruption {
    /** Such a change is refused. */
    @JsonProperty("Refuse")
    REFUSE,
    /** Such a change is carried out. */
    @JsonProperty("Allow")
    ALLOW
  }
}
