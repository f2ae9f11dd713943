package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.runtime.ApiErrors;
import java.util.List;
import java.util.function.Predicate;

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
    return watches
        .list(ClusterRoleBinding.class)
        .flatMap(binding -> binding.getSubjects().stream())
        .map(BindingSubject::of)
        .filter(subject -> !subject.equals(OURS))
        .distinct()
        .filter(subject -> !subject.isAccount() || isThere(subject, exists))
        .toList();
  }

  /** Another watch may not have told of it yet: what is not known to be there is asked for. */
  private boolean isThere(BindingSubject account, Predicate<BindingSubject> exists) {
    return (account.name().equals(Flannel.ROLE)
            && watches
                .list(ServiceAccount.class)
                .anyMatch(it -> account.namespace().equals(it.getMetadata().getNamespace())))
        || exists.test(account);
  }

  /** Asks the API server for a ServiceAccount; what it does not say is taken for there. */
  public static boolean isThere(KubernetesClient client, BindingSubject account) {
    try {
      return client
              .serviceAccounts()
              .inNamespace(account.namespace())
              .withName(account.name())
              .get()
          != null;
    } catch (KubernetesClientException e) {
      if (!ApiErrors.isAnswer(e)) {
        throw e;
      }
      return true;
    }
  }
}
