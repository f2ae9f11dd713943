package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.render.Flannel;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The subjects to which the ClusterRoleBinding {@code flannel} grants flannel's rights now. */
public final class BindingSubjects {
  /** The ServiceAccount that this operator manages. */
  public static final BindingSubject OURS = BindingSubject.account(Flannel.NAMESPACE, Flannel.ROLE);

  private final Watches watches;

  public BindingSubjects(Watches watches) {
    this.watches = watches;
  }

  /** Returns the role that the binding grants, as Kind name, if it is not flannel's ClusterRole. */
  Optional<String> otherRole() {
    return watches
        .list(ClusterRoleBinding.class)
        .map(binding -> binding.getRoleRef().getKind() + " " + binding.getRoleRef().getName())
        .filter(role -> !role.equals("ClusterRole " + Flannel.ROLE))
        .findFirst();
  }

  /**
   * Returns the existing subjects except {@link #OURS}. Users and groups count as existing.
   *
   * @param exists whether a ServiceAccount that no watch has reported exists
   */
  public List<BindingSubject> others(Predicate<BindingSubject> exists) {
    Set<String> known =
        watches
            .list(ServiceAccount.class)
            .map(account -> account.getMetadata().getNamespace())
            .collect(Collectors.toSet());
    // The ServiceAccount watch may lag behind, so ask about accounts that it has not reported.
    return watches
        .list(ClusterRoleBinding.class)
        .flatMap(binding -> binding.getSubjects().stream())
        .map(BindingSubject::of)
        .filter(subject -> !subject.equals(OURS))
        .distinct()
        .filter(
            subject ->
                !subject.isAccount()
                    || (subject.name().equals(Flannel.ROLE) && known.contains(subject.namespace()))
                    || exists.test(subject))
        .toList();
  }
}
