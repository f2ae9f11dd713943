package io.flannel.operator.decide.adoption;

import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.flannel.foreign.OtherFlannels;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Judges whether a flannel runs that is neither ours nor can be adopted: ours would take away its
 * permissions and run beside it. A network in force is never refused for that: the status reports
 * the other flannel, and the network's objects are maintained.
 */
public final class ForeignFlannelValidator {
  /** Reason, in one word, for refusing a network that would harm another flannel. */
  public static final String REASON = "ForeignFlannel";

  /** Maximum number of objects that a message describes. */
  private static final int DESCRIBED = 3;

  private ForeignFlannelValidator() {}

  /** Returns why the network would harm another flannel; empty if it would not. */
  public static Optional<Decision> refusal(DesiredNetwork wanted, ClusterState cluster) {
    if (isInForce(wanted, cluster)) {
      return Optional.empty();
    }
    return daemonSets(wanted, cluster)
        .or(() -> role(cluster))
        .or(
            () ->
                isConfirmed(wanted, cluster)
                    ? Optional.empty()
                    : subjects(wanted, cluster).or(() -> nodes(wanted, cluster)));
  }

  /**
   * Whether this network is in force, or was and lost what it wrote. That is shown by its
   * DaemonSet, by a flannel that it is adopting, by its status, or by a configuration that is no
   * older than the network.
   */
  public static boolean isInForce(DesiredNetwork wanted, ClusterState cluster) {
    return cluster.live().isPresent()
        || AdoptionValidator.begun(wanted, cluster).isPresent()
        || cluster
            .network(wanted.name())
            .filter(
                network ->
                    network.accepted()
                        || traces(network, cluster).anyMatch(OtherFlannels.Trace::config))
            .isPresent();
  }

  /** Returns what was written for this very network: an earlier one may have had its name. */
  private static Stream<OtherFlannels.Trace> traces(
      ClusterState.NetworkRef network, ClusterState cluster) {
    return cluster.others().traces().stream()
        .filter(trace -> trace.network().equals(network.name()))
        .filter(trace -> !trace.created().isBefore(network.created()));
  }

  /**
   * Describes what runs a flannel beside ours, as a sentence with the remedy; empty if nothing
   * does.
   */
  public static Optional<String> beside(DesiredNetwork wanted, ClusterState cluster) {
    Optional<ForeignFlannel> ours = AdoptionValidator.candidate(wanted, cluster);
    List<String> found =
        Stream.concat(
                cluster.foreign().stream()
                    .filter(one -> ours.filter(one::equals).isEmpty())
                    .map(one -> "DaemonSet " + one.daemonSet()),
                cluster
                    .others()
                    .onLinux()
                    .filter(one -> !one.idle())
                    .map(ForeignFlannelValidator::described))
            .toList();
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "another flannel runs beside this one: %s; two on one node undo each other's routes: delete the one that does not carry the pods' packets"
                .formatted(some(found)));
  }

  private static Optional<Decision> daemonSets(DesiredNetwork wanted, ClusterState cluster) {
    boolean alone = cluster.foreign().isEmpty();
    boolean confirmed = alone && isConfirmed(wanted, cluster);
    List<OtherDaemonSet> found =
        cluster.others().onLinux().filter(one -> !(confirmed && one.idle())).toList();
    if (found.isEmpty()) {
      return Optional.empty();
    }
    OtherDaemonSet first = found.getFirst();
    String named = some(found.stream().map(ForeignFlannelValidator::described).toList());
    if (alone && found.stream().allMatch(OtherDaemonSet::idle)) {
      return Optional.of(
          Decision.refuse(
              REASON,
              "%s would run a flannel, and has no pods now, since it is for no node"
                  .formatted(named),
              "delete what is left over (kubectl -n %s delete daemonset %s), or %s"
                  .formatted(first.namespace(), first.name(), confirmation(wanted))));
    }
    String sibling =
        alone
            ? ""
            : ", beside DaemonSet "
                + Names.and(cluster.foreign().stream().map(ForeignFlannel::daemonSet).toList());
    String remedy =
        alone
            ? "keep that flannel and delete this FlannelNetwork; or hand over in a maintenance"
                + " window: have whatever installed it remove it"
            : "have one DaemonSet kube-flannel-ds for all nodes, which can be taken over; or remove"
                + " it, if its nodes have no pods any more";
    return Optional.of(
        Decision.refuse(
            REASON,
            "%s runs a flannel%s: it can't be taken over, and two on one node would undo each other's routes"
                .formatted(named, sibling),
            "%s (kubectl -n %s delete daemonset %s, where nothing puts it back). It goes on by itself as soon as it is gone"
                    .formatted(remedy, first.namespace(), first.name())
                + (alone ? ", and asks then for " + confirmation(wanted) : "")));
  }

  private static Optional<Decision> role(ClusterState cluster) {
    return cluster
        .others()
        .otherRole()
        .map(
            role ->
                Decision.refuse(
                    REASON,
                    "ClusterRoleBinding flannel grants %s, and Kubernetes lets nobody change that to ClusterRole flannel, whose rights flannel needs"
                        .formatted(PrintableText.shortened(role, 100)),
                    "if a flannel still runs with these rights, stop it first; then: kubectl delete"
                        + " clusterrolebinding flannel"));
  }

  private static Optional<Decision> subjects(DesiredNetwork wanted, ClusterState cluster) {
    List<BindingSubject> others =
        cluster.others().subjects().stream()
            .filter(
                subject ->
                    cluster.foreign().stream().noneMatch(found -> found.account().equals(subject)))
            .filter(subject -> !belongsToWindows(subject, cluster))
            .toList();
    return others.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Decision.refuse(
                REASON,
                "ClusterRoleBinding flannel gives flannel's rights to %s, which this operator would take away: a flannel with these rights could not go on"
                    .formatted(some(others.stream().map(BindingSubject::toString).toList())),
                "if a flannel still runs with these rights, stop it first; if none does, they are left"
                    + " over: kubectl delete clusterrolebinding flannel, or "
                    + confirmation(wanted)));
  }

  /** Whether a flannel on Windows has this subject, which therefore stays in the binding. */
  private static boolean belongsToWindows(BindingSubject subject, ClusterState cluster) {
    return cluster.others().daemonSets().stream()
        .filter(one -> one.runsFlannel() && one.windows())
        .anyMatch(
            one -> subject.equals(BindingSubject.account(one.namespace(), one.serviceAccount())));
  }

  private static Optional<Decision> nodes(DesiredNetwork wanted, ClusterState cluster) {
    boolean ours =
        cluster
            .network(wanted.name())
            .filter(network -> traces(network, cluster).findAny().isPresent())
            .isPresent();
    if (ours || !cluster.foreign().isEmpty()) {
      return Optional.empty();
    }
    List<ClusterNode> published =
        cluster.nodes().stream().filter(node -> node.isPublished() && !node.isWindows()).toList();
    if (published.isEmpty()) {
      return Optional.empty();
    }
    List<ClusterNode> k3s =
        published.stream().filter(node -> node.kubelet().contains("+k3s")).toList();
    String who =
        "%s %s a flannel's annotations (%s...), and no DaemonSet of one is to be seen"
            .formatted(
                names(published),
                published.size() == 1 ? "has" : "have",
                ClusterNode.ANNOTATION_PREFIX);
    return Optional.of(
        k3s.isEmpty()
            ? Decision.refuse(
                REASON,
                who + ": it may run as a process of the node, which ours would fight",
                "look for it on these nodes (pgrep -a flanneld) and stop whatever starts it. flannel"
                    + " never takes its annotations away: if none runs, they are left over, which is"
                    + " said by "
                    + confirmation(wanted))
            : Decision.refuse(
                REASON,
                "%s: k3s has it in its own process, unless it is told otherwise (%s: kubelet %s)"
                    .formatted(who, names(k3s), k3s.getFirst().kubelet()),
                "start k3s with --flannel-backend=none first, on every server, then its agents"
                    + " again. flannel never takes its annotations away: once none runs any more, say"
                    + " so by "
                    + confirmation(wanted)));
  }

  private static boolean isConfirmed(DesiredNetwork wanted, ClusterState cluster) {
    return cluster.network(wanted.name()).filter(ClusterState.NetworkRef::confirmed).isPresent();
  }

  private static String confirmation(DesiredNetwork wanted) {
    return "the confirmation that no other flannel runs: kubectl annotate fnet %s %s=true --overwrite"
        .formatted(wanted.name(), FlannelNetwork.CONFIRM_NO_OTHER_FLANNEL);
  }

  private static String described(OtherDaemonSet found) {
    return "DaemonSet %s, container %s".formatted(found.id(), found.flanneld().orElse(""));
  }

  private static String names(List<ClusterNode> nodes) {
    return Names.ofNodes(nodes.stream().map(ClusterNode::name).toList());
  }

  /** The first few, and how many more. */
  private static String some(List<String> all) {
    int more = all.size() - DESCRIBED;
    return more > 0
        ? "%s; and %d more".formatted(String.join("; ", all.subList(0, DESCRIBED)), more)
        : String.join("; ", all);
  }
}
