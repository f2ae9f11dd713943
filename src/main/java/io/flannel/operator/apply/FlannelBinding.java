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
 * Decides the subjects of the ClusterRoleBinding {@code flannel}. Each write replaces the whole
 * list of subjects, so our write must include other flannels' subjects.
 */
public final class FlannelBinding {
  private final Watches watches;

  public FlannelBinding(Watches watches) {
    this.watches = watches;
  }

  /** Delay before a network that waits for a ServiceAccount to go is judged again. */
  private static final Duration ACCOUNT_LOOK = Duration.ofSeconds(30);

  /** When to requeue: no watch reports that an account with another name is gone. */
  public static Optional<Duration> lookAgain(Decision decision, ClusterState cluster) {
    boolean waits =
        decision instanceof Decision.Refuse refuse
            && refuse.reason().equals(ForeignFlannelValidator.REASON)
            && cluster.others().subjects().stream()
                .anyMatch(one -> one.isAccount() && !one.name().equals(Flannel.ROLE));
    return waits ? Optional.of(ACCOUNT_LOOK) : Optional.empty();
  }

  /**
   * Returns what flannel needs besides its DaemonSet. The binding keeps the subjects that still
   * need their rights: every ServiceAccount that exists or, once a person has confirmed that no
   * other flannel runs, only those that a DaemonSet uses. They are read again right before the
   * write, since {@code cluster} lacks what was written after the reconciliation began. The only
   * new subject is the account of a flannel to adopt, if its namespace is one where only
   * administrators have a DaemonSet.
   *
   * @param accounts the look-up that was used when {@code cluster} was observed
   * @return a mutable list; the binding has the resourceVersion from which its subjects were read
   */
  public List<HasMetadata> foundation(
      AccountLook accounts, DesiredNetwork wanted, ClusterState cluster) {
    accounts.forgetMissing();
    // Read before the subjects, so that the write can't undo a later change of them.
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
