package io.flannel.operator.decide.plan;

import io.flannel.operator.decide.preflight.PreflightRound.TriedPod;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tasks on nodes, as observed from their pods.
 *
 * @param cleaning nodes that a network is being removed from, sorted
 * @param removing nodes whose left-overs are being removed, sorted
 * @param preflight the pre-flight's pods
 * @param suspected ranges that may be those of deleted nodes, by node: those that its last
 *     left-overs task found, and those that the task's input named
 */
public record ObservedTasks(
    List<String> cleaning,
    List<String> removing,
    List<TriedPod> preflight,
    Map<String, Set<Cidr>> suspected) {}
