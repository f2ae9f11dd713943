package io.flannel.operator.rights;

import io.flannel.operator.testing.AuditLog;
import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What somebody needed a right for.
 *
 * @param namespace of the object; {@link Right#OWN} for the user's own, empty if it is in none
 * @param resource with {@code /status} or another subresource
 * @param name of the object, empty where a request names none
 */
public record Use(String namespace, String verb, String group, String resource, String name) {
  /** What RBAC was asked about, for all requests of a user that it let through. */
  public static Set<Use> of(Stream<AuditLog.Request> requests) {
    return all(requests.filter(request -> !request.refused()));
  }

  /** The same for all that it refused. */
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
    // Server-side apply of an object that is not there needs the right to create it, too.
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

  /** Of a ServiceAccount; empty for other users. */
  private static String namespaceOf(String user) {
    String[] parts = user.split(":");
    return parts.length == 4 && parts[1].equals("serviceaccount") ? parts[2] : " ";
  }

  @Override
  public String toString() {
    return new Right(namespace, verb, group, resource, name).toString();
  }
}
