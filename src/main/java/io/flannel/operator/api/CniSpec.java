package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** The CNI configuration and plugin on each node. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CniSpec(
    @JsonPropertyDescription(
            "cniVersion of the configuration, which the node's CNI plugins must speak.")
        @ValidationRule(
            value = "self.matches('^[0-9]+[.][0-9]+[.][0-9]+$')",
            message = "cni.version must be a version of the CNI specification, such as 1.0.0")
        @Size(max = 20)
        @Default("1.0.0")
        @Nullable String version,
    @JsonPropertyDescription("Directory on the node that the container runtime takes plugins from.")
        @ValidationRule(
            value = "self.matches('^/[^:]*$') && !self.contains('..')",
            message =
                "cni.binDir must be an absolute path without \":\" and \"..\", such as /opt/cni/bin")
        @Size(max = 4096)
        @Default("/opt/cni/bin")
        @Nullable String binDir,
    @JsonPropertyDescription(
            "Directory on the node that the container runtime reads CNI configuration from.")
        @ValidationRule(
            value = "self.matches('^/[^:]*$') && !self.contains('..')",
            message =
                "cni.confDir must be an absolute path without \":\" and \"..\", such as /etc/cni/net.d")
        @Size(max = 4096)
        @Default("/etc/cni/net.d")
        @Nullable String confDir) {}
