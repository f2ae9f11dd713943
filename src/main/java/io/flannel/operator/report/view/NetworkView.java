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
 * @param status as in the object, without the nodes
 * @param nodes all of them, in the form of the object's status, worst first
 * @param mesh the results of the nodes' probes of each other; null if it is sent separately
 */
public record NetworkView(
    String name,
    long generation,
    boolean deleting,
    FlannelNetworkSpec spec,
    FlannelNetworkStatus status,
    List<NodeStatus> nodes,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Mesh mesh) {}
