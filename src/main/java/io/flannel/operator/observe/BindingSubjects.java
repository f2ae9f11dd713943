package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.render.Flannel;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** To whom the ClusterRoleBinding {@code flannel} gives flannel's rights now. */
public final class BindingSubjects {
  /** Our own ServiceAccount. */
  public static final BindingSubject OURS = BindingSubject.account(Flannel.NAMESPACE, Flannel.ROLE);

  private final Watches watches;

  public BindingSubjects(Watches watches) {
    this.watches = watches;
  }

  /**
   * Its subjects beside our own ServiceAccount that are there; users and groups always are.
   *
   * @param exists whether a ServiceAccount is there that no watch has told of
   */
  public List<BindingSubject> others(Predicate<BindingSubject> exists) {
    Set<String> known =
        watches
            .list(ServiceAccount.class)
            .map(account -> account.getMetadata().getNamespace())
            .collect(Collectors.toSet());
    // Another watch may not have told of it yet: what is not known to be there is asked for.
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
