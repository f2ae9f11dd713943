package io.flannel.operator.report.view;

/**
 * Objects of a kind are not watched at the moment, so that what the cluster has of them is not
 * known: this operator ends, has lost its Lease, or begins a watch again. Whoever decides by them
 * ends without a write more.
 */
public final class NotWatchingException extends RuntimeException {
  /**
   * What is not known.
   *
   * @param kind such as Node
   */
  public NotWatchingException(String kind) {
    super("objects of kind %s are not watched at the moment".formatted(kind));
  }
}
