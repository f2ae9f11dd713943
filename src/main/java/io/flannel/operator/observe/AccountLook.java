package io.flannel.operator.observe;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.runtime.ApiErrors;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Asks the API server for ServiceAccounts that no watch tells of, for one reconciliation. A binding
 * may name any number of them: each is asked for once, and no more than {@link #MOST}.
 */
public final class AccountLook {
  /** What is beyond is taken for there, so that nobody loses the rights that he has. */
  static final int MOST = 50;

  private final Predicate<BindingSubject> ask;
  private final Map<BindingSubject, Boolean> answers = new HashMap<>();

  /** Prepares it; {@code ask} says whether one is there. */
  AccountLook(Predicate<BindingSubject> ask) {
    this.ask = ask;
  }

  /** One that asks by this client. */
  public static AccountLook by(KubernetesClient client) {
    return new AccountLook(account -> isThere(client, account));
  }

  /** Whether it is there. */
  public boolean isThere(BindingSubject account) {
    if (!answers.containsKey(account) && answers.size() >= MOST) {
      return true;
    }
    return answers.computeIfAbsent(account, ask::test);
  }

  /** From now on, who was not there is asked for again: somebody may have come. */
  public void forgetMissing() {
    answers.values().removeIf(there -> !there);
  }

  /** What the API server does not say is taken for there. */
  private static boolean isThere(KubernetesClient client, BindingSubject account) {
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
