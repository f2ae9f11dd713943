package io.flannel.operator.report.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network as it is shown.
 *
 * @param name its name
 * @param generation {@code metadata.generation}
 * @param deleting whether it is being deleted
 * @param spec as in the object
 * @param status as in the object, but for the nodes
 * @param nodes all of them, as in the object's status, worst first
 * @param mesh what the nodes' probes see of each other; null where it is told apart
 */
public record NetworkView(
    String name,
    long generation,
    boolean deleting,
    FlannelNetworkSpec spec,
    FlannelNetworkStatus status,
    List<NodeStatus> nodes,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Mesh mesh) {}
