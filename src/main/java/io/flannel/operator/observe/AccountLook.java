package io.flannel.operator.observe;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.runtime.ApiErrors;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Looks up ServiceAccounts that no watch covers, for one reconciliation. A binding may name any
 * number of them: each is looked up once, and at most {@link #MOST} are.
 */
public final class AccountLook {
  /**
   * Maximum number of accounts looked up. Any further one is assumed to exist, so that none loses
   * its rights.
   */
  static final int MOST = 50;

  private final Predicate<BindingSubject> ask;
  private final Map<BindingSubject, Boolean> answers = new HashMap<>();

  /**
   * @param ask whether a ServiceAccount exists
   */
  AccountLook(Predicate<BindingSubject> ask) {
    this.ask = ask;
  }

  /** Returns a look-up that asks the API server through this client. */
  public static AccountLook by(KubernetesClient client) {
    return new AccountLook(account -> isThere(client, account));
  }

  /** Whether the account exists. */
  public boolean isThere(BindingSubject account) {
    if (!answers.containsKey(account) && answers.size() >= MOST) {
      return true;
    }
    return answers.computeIfAbsent(account, ask::test);
  }

  /**
   * Forgets which accounts were missing, so that they are looked up again: one may have been
   * created.
   */
  public void forgetMissing() {
    answers.values().removeIf(there -> !there);
  }

  /** An account is assumed to exist if the API server refuses to answer. */
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
