package io.flannel.operator.rights;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * One verb on one resource, as RBAC grants it. A rule grants one right per combination of its
 * verbs, groups, resources and names.
 *
 * @param namespace where it holds: {@link #OWN}, or empty for all namespaces
 * @param resource with {@code /status} or another subresource
 * @param name of the object, {@link #ANY} for all
 */
public record Right(String namespace, String verb, String group, String resource, String name) {
  /** The namespace of the account that holds the right, and of its Role. */
  public static final String OWN = "its own";

  /** The wildcard in RBAC rules. */
  public static final String ANY = "*";

  /** Returns the resource rights that a ClusterRole grants. */
  public static List<Right> of(ClusterRole role) {
    return of("", role.getRules());
  }

  /** Returns the rights that a Role grants, in the namespace that it shares with the account. */
  public static List<Right> of(Role role) {
    return of(OWN, role.getRules());
  }

  private static List<Right> of(String namespace, List<PolicyRule> rules) {
    List<Right> rights = new ArrayList<>();
    for (PolicyRule rule : rules) {
      List<String> names =
          rule.getResourceNames().isEmpty() ? List.of(ANY) : rule.getResourceNames();
      for (String group : rule.getApiGroups()) {
        for (String resource : rule.getResources()) {
          for (String verb : rule.getVerbs()) {
            names.forEach(name -> rights.add(new Right(namespace, verb, group, resource, name)));
          }
        }
      }
    }
    return rights;
  }

  /** Whether this right alone allows the use. */
  boolean covers(Use use) {
    return (namespace.isEmpty() || namespace.equals(use.namespace()))
        && matches(verb, use.verb())
        && matches(group, use.group())
        && matches(resource, use.resource())
        && matches(name, use.name());
  }

  private static boolean matches(String granted, String used) {
    return granted.equals(ANY) || granted.equals(used);
  }

  @Override
  public String toString() {
    String of = group.isEmpty() ? resource : resource + "." + group;
    String where =
        namespace.isEmpty()
            ? ""
            : " in " + (namespace.equals(OWN) ? OWN + " namespace" : namespace);
    return verb + " " + of + (name.equals(ANY) || name.isEmpty() ? "" : " " + name) + where;
  }
}
