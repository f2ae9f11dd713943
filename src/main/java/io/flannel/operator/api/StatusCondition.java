package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/** One condition of an object's status, with the fields of Kubernetes' {@code metav1.Condition}. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StatusCondition(
    @JsonPropertyDescription(
            "Accepted, Ready, TunnelsHealthy, Reconciling or Stalled (the last two as kstatus knows"
                + " them).")
        @Required
        @Size(min = 1, max = Bounds.SHORT_TEXT)
        String type,
    @JsonPropertyDescription("True, False or Unknown.") @Required Status status,
    @JsonPropertyDescription("The cause in one word, for programs.")
        @Required
        @Size(min = 1, max = Bounds.REASON)
        String reason,
    @JsonPropertyDescription("The cause in a sentence, with the way out, for people.")
        @Required
        @Size(max = Bounds.MESSAGE)
        String message,
    @JsonPropertyDescription("When status last changed, RFC 3339.")
        @Required
        @Size(max = Bounds.TIME)
        @Pattern(Bounds.TIME_FORM)
        String lastTransitionTime,
    @JsonPropertyDescription("metadata.generation that this was judged from.")
        @Min(-1)
        @Max(Bounds.WHOLE_NUMBER)
        @Nullable Long observedGeneration) {

  /** Whether a condition holds. */
  public enum Status {
    /** It holds. */
    @JsonProperty("True")
    TRUE,
    /** It does not hold. */
    @JsonProperty("False")
    FALSE,
    /** It is not known whether it holds. */
    @JsonProperty("Unknown")
    UNKNOWN
  }
}
