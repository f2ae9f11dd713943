package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.rbac.Subject;

/**
 * Somebody to whom a ClusterRoleBinding gives its rights.
 *
 * @param kind ServiceAccount, User or Group
 * @param namespace of a ServiceAccount; empty for the others
 */
public record BindingSubject(String kind, String namespace, String name) {
  private static final String ACCOUNT = "ServiceAccount";

  /** What the API server calls a ServiceAccount as a user; namespace and name follow. */
  private static final String ACCOUNT_USER = "system:serviceaccount:";

  /** Reads it; a ServiceAccount that is named as a user is one. */
  public static BindingSubject of(Subject subject) {
    String name = subject.getName();
    String[] parts =
        "User".equals(subject.getKind()) && name.startsWith(ACCOUNT_USER)
            ? name.substring(ACCOUNT_USER.length()).split(":", -1)
            : new String[0];
    if (parts.length == 2) {
      return account(parts[0], parts[1]);
    }
    String namespace = subject.getNamespace() == null ? "" : subject.getNamespace();
    return new BindingSubject(subject.getKind(), namespace, name);
  }

  /** A ServiceAccount. */
  public static BindingSubject account(String namespace, String name) {
    return new BindingSubject(ACCOUNT, namespace, name);
  }

  /** Whether it is a ServiceAccount, which can be looked for. */
  public boolean isAccount() {
    return kind.equals(ACCOUNT);
  }

  @Override
  public String toString() {
    return namespace.isEmpty() ? kind + " " + name : "%s %s/%s".formatted(kind, namespace, name);
  }
}
