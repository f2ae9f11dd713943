package io.flannel.operator.decide.plan;

import io.flannel.operator.decide.preflight.PreflightRound.TriedPod;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tasks on nodes, as their pods tell of them.
 *
 * @param cleaning the nodes that a network is being taken off, sorted
 * @param removing the nodes where left-overs are being removed, sorted
 * @param preflight the pods of the pre-flight
 * @param suspected by node, what its last removal of left-overs took for ranges of nodes that are
 *     gone, and was told of
 */
public record ObservedTasks(
    List<String> cleaning,
    List<String> removing,
    List<TriedPod> preflight,
    Map<String, Set<Cidr>> suspected) {}
