package io.flannel.operator.overlay;

import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.flannel.operator.api.Bounds;
import java.util.Objects;
import java.util.regex.Pattern;

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

  /** The name of a namespace: a DNS label. */
  private static final int NAMESPACE = 63;

  private static final Pattern NAME = Pattern.compile(Bounds.NAME_FORM);

  /**
   * Reads it; a ServiceAccount that is named as a user is one. The API server lets any text be a
   * user's name: what can't be the name of a ServiceAccount stays one.
   */
  public static BindingSubject of(Subject subject) {
    String kind = Objects.requireNonNullElse(subject.getKind(), "");
    String name = Objects.requireNonNullElse(subject.getName(), "");
    if (kind.equals("User") && name.startsWith(ACCOUNT_USER)) {
      int colon = name.indexOf(':', ACCOUNT_USER.length());
      BindingSubject account =
          colon < 0
              ? account("", "")
              : account(name.substring(ACCOUNT_USER.length(), colon), name.substring(colon + 1));
      if (account.isAccount()) {
        return account;
      }
    }
    return new BindingSubject(kind, Objects.requireNonNullElse(subject.getNamespace(), ""), name);
  }

  /** A ServiceAccount. */
  public static BindingSubject account(String namespace, String name) {
    return new BindingSubject(ACCOUNT, namespace, name);
  }

  /** Whether it is a ServiceAccount, which can be looked for. */
  public boolean isAccount() {
    return kind.equals(ACCOUNT)
        && namespace.length() <= NAMESPACE
        && namespace.indexOf('.') < 0
        && isName(namespace)
        && isName(name);
  }

  private static boolean isName(String text) {
    return text.length() <= Bounds.NAME && NAME.matcher(text).matches();
  }

  @Override
  public String toString() {
    return namespace.isEmpty() ? kind + " " + name : "%s %s/%s".formatted(kind, namespace, name);
  }
}
