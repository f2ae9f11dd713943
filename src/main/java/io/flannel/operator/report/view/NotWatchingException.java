package io.flannel.operator.report.view;

/**
 * Thrown when objects of a kind are not watched, so that their state is unknown: the operator is
 * shutting down, has lost its Lease, or is restarting a watch. A reconciliation ends with it,
 * without another write.
 */
public final class NotWatchingException extends RuntimeException {
  /**
   * Creates the exception.
   *
   * @param kind the kind that is not watched, such as Node
   */
  public NotWatchingException(String kind) {
    super("objects of kind %s are not watched at the moment".formatted(kind));
  }
}
