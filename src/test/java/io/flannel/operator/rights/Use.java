package io.flannel.operator.rights;

import io.flannel.operator.testing.apiserver.AuditLog;
import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A request for which an account needed a right.
 *
 * @param namespace of the object; {@link Right#OWN} for the user's own, empty if it has none
 * @param resource with {@code /status} or another subresource
 * @param name of the object, empty if the request names none
 */
public record Use(String namespace, String verb, String group, String resource, String name) {
  /** Returns the uses of all requests that RBAC allowed. */
  public static Set<Use> of(Stream<AuditLog.Request> requests) {
    return all(requests.filter(request -> !request.refused()));
  }

  /** Returns the uses of all requests that RBAC refused. */
  public static Set<Use> refused(Stream<AuditLog.Request> requests) {
    return all(requests.filter(AuditLog.Request::refused));
  }

  private static Set<Use> all(Stream<AuditLog.Request> requests) {
    var uses = new TreeSet<Use>(Comparator.comparing(Use::toString));
    requests.flatMap(Use::of).forEach(uses::add);
    return uses;
  }

  private static Stream<Use> of(AuditLog.Request request) {
    if (request.resource().isEmpty()) {
      return Stream.empty(); // such as /version, which everybody may get
    }
    Use asked = use(request, request.verb());
    // Server-side apply of an object that does not exist also needs the right to create it.
    boolean created = request.verb().equals("patch") && request.code() == 201;
    return created ? Stream.of(asked, use(request, "create")) : Stream.of(asked);
  }

  private static Use use(AuditLog.Request request, String verb) {
    return new Use(
        request.namespace().equals(namespaceOf(request.user())) ? Right.OWN : request.namespace(),
        verb,
        request.group(),
        request.resource(),
        request.name());
  }

  /** Returns a ServiceAccount's namespace; for other users, a blank that matches none. */
  private static String namespaceOf(String user) {
    String[] parts = user.split(":");
    return parts.length == 4 && parts[1].equals("serviceaccount") ? parts[2] : " ";
  }

  @Override
  public String toString() {
    return new Right(namespace, verb, group, resource, name).toString();
  }
}
