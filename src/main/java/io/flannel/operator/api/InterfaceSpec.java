package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** Which of a node's interfaces flannel uses, chosen in one of three ways. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value = "[has(self.name), has(self.regex), has(self.canReach)].filter(x, x).size() == 1",
    message = "set exactly one of interface.name, interface.regex and interface.canReach")
public record InterfaceSpec(
    @JsonPropertyDescription(
            "Name or IP address of the interface, the same on every node (flanneld --iface).")
        @Size(max = 45)
        @ValidationRule(
            value = "self.matches('^[^ \\t\\r\\n/]+$')",
            message =
                "interface.name must be one interface name or IP address, such as eth1 or"
                    + " 192.168.0.81")
        @Nullable String name,
    @JsonPropertyDescription(
            "Regular expression (Go syntax); the first interface whose name or address matches is"
                + " used (flanneld --iface-regex).")
        @Size(min = 1, max = 256)
        @Nullable String regex,
    @JsonPropertyDescription(
            "IP address; the interface that the node's routes lead to it by is used (flanneld"
                + " --iface-can-reach).")
        @Size(max = 45)
        @ValidationRule(
            value = "isIP(self)",
            message = "interface.canReach must be an IP address, such as 192.168.0.1")
        @Nullable String canReach) {}
