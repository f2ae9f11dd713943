package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.observe.AccountLook;
import io.flannel.operator.observe.BindingSubjects;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.Flannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Whom the ClusterRoleBinding {@code flannel} gives flannel's rights. Its list of subjects is
 * replaced as a whole by whoever writes it: who writes ours must write the others as well.
 */
public final class FlannelBinding {
  private final Watches watches;

  public FlannelBinding(Watches watches) {
    this.watches = watches;
  }

  /** After how long a network is judged again that waits for a ServiceAccount to go. */
  private static final Duration ACCOUNT_LOOK = Duration.ofSeconds(30);

  /** When to look again: nothing tells that an account of another name is gone. */
  public static Optional<Duration> lookAgain(Decision decision, ClusterState cluster) {
    boolean waits =
        decision instanceof Decision.Refuse refuse
            && refuse.reason().equals(ForeignFlannelValidator.REASON)
            && cluster.others().subjects().stream()
                .anyMatch(one -> one.isAccount() && !one.name().equals(Flannel.ROLE));
    return waits ? Optional.of(ACCOUNT_LOOK) : Optional.empty();
  }

  /**
   * What flannel needs beside its DaemonSet, with the binding as it is to be while others need the
   * rights that they have. A ServiceAccount that is there keeps them, unless a person confirmed
   * that no other flannel runs: then one that a DaemonSet uses does. Who has them is read again,
   * just before it is written: what somebody wrote since the reconciliation began is not in {@code
   * cluster}. Nobody else is given them but a flannel to take over where only administrators have
   * one.
   *
   * @param accounts asked for ServiceAccounts before, when {@code cluster} was observed
   * @return a list that more can be added to; the binding has the version that its subjects were
   *     read of
   */
  public List<HasMetadata> foundation(
      AccountLook accounts, DesiredNetwork wanted, ClusterState cluster) {
    accounts.forgetMissing();
    // Read before its subjects: what is written must not undo what came after them.
    Optional<String> version =
        watches
            .list(ClusterRoleBinding.class)
            .map(binding -> binding.getMetadata().getResourceVersion())
            .findFirst();
    boolean confirmed =
        cluster.network(wanted.name()).filter(ClusterState.NetworkRef::confirmed).isPresent();
    Stream<BindingSubject> adopted =
        AdoptionValidator.candidate(wanted, cluster)
            .filter(ForeignFlannel::isInAdministratorsNamespace)
            .map(ForeignFlannel::account)
            .stream();
    Stream<BindingSubject> kept =
        new BindingSubjects(watches)
            .others(accounts::isThere).stream()
                .filter(BindingSubject::isAccount)
                .filter(one -> !confirmed || isUsed(one, cluster));
    List<BindingSubject> others =
        Stream.concat(adopted, kept)
            .filter(subject -> !subject.equals(BindingSubjects.OURS))
            .distinct()
            .sorted(
                Comparator.comparing(BindingSubject::namespace).thenComparing(BindingSubject::name))
            .toList();
    List<HasMetadata> all = new ArrayList<>(Flannel.foundation(wanted));
    all.replaceAll(
        object ->
            object instanceof ClusterRoleBinding binding
                ? withOthers(binding, others, version)
                : object);
    return all;
  }

  private static boolean isUsed(BindingSubject account, ClusterState cluster) {
    return cluster.others().uses(account)
        || cluster.foreign().stream().map(ForeignFlannel::account).anyMatch(account::equals);
  }

  private static HasMetadata withOthers(
      ClusterRoleBinding binding, List<BindingSubject> others, Optional<String> version) {
    var builder =
        binding.edit().editMetadata().withResourceVersion(version.orElse(null)).endMetadata();
    others.forEach(
        subject ->
            builder
                .addNewSubject()
                .withKind(subject.kind())
                .withName(subject.name())
                .withNamespace(subject.namespace())
                .endSubject());
    return builder.build();
  }
}
