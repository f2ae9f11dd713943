package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.flannel.operator.api.Bounds;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A subject to which a ClusterRoleBinding grants its rights.
 *
 * @param kind ServiceAccount, User or Group
 * @param namespace a ServiceAccount's; empty for the others
 */
public record BindingSubject(String kind, String namespace, String name) {
  private static final String ACCOUNT = "ServiceAccount";

  /**
   * Prefix of the user name that the API server gives a ServiceAccount; namespace and name follow.
   */
  private static final String ACCOUNT_USER = "system:serviceaccount:";

  /** Maximum length of a namespace's name, a DNS label. */
  private static final int NAMESPACE = 63;

  private static final Pattern NAME = Pattern.compile(Bounds.NAME_FORM);

  /**
   * Reads a subject. A user that is named like a ServiceAccount becomes that ServiceAccount. The
   * API server admits any text as a user's name: one that can't name a ServiceAccount stays a user.
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

  public static BindingSubject account(String namespace, String name) {
    return new BindingSubject(ACCOUNT, namespace, name);
  }

  /** Whether it is a ServiceAccount whose names are valid, so that it can be looked up. */
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
