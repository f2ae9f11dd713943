package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/** The CNI configuration and plugin on each node. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CniSpec(
    @JsonPropertyDescription(
            "cniVersion of the configuration, which the node's CNI plugins must speak.")
        @Pattern("^[0-9]+\\.[0-9]+\\.[0-9]+$")
        @Size(max = 20)
        @Default("1.0.0")
        @Nullable String version,
    @JsonPropertyDescription("Directory on the node that the container runtime takes plugins from.")
        @Pattern("^/[^:]*$")
        @Size(max = 4096)
        @Default("/opt/cni/bin")
        @Nullable String binDir,
    @JsonPropertyDescription(
            "Directory on the node that the container runtime reads CNI configuration from.")
        @Pattern("^/[^:]*$")
        @Size(max = 4096)
        @Default("/etc/cni/net.d")
        @Nullable String confDir) {}
