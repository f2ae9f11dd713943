package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** How tunnel health is measured. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record HealthSpec(
    @JsonPropertyDescription("Run the node agent, which probes the tunnels.") @Default("true")
        @Nullable Boolean enabled,
    @JsonPropertyDescription("Time between two probes of a peer, such as 2s; 1s to 5m.")
        @Size(max = 32)
        @ValidationRule(
            value = DurationRules.FROM_1S_TO_5M,
            message = "health.interval must be a duration from 1s to 5m, such as 2s or 1m30s")
        @Default("2s")
        @Nullable String interval,
    @JsonPropertyDescription("Probes lost in a row until a peer counts as unreachable; 2 to 100.")
        @Min(2)
        @Max(100)
        @Default("3")
        @Nullable Integer failAfter,
    @JsonPropertyDescription(
            "UDP port on which the node agents answer each other's probes; open it between the nodes."
                + " 1 to 65535, and not the tunnel's own.")
        @Min(1)
        @Max(65535)
        @Default("8473")
        @Nullable Integer port) {}
