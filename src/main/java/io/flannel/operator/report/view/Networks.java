package io.flannel.operator.report.view;

import java.util.List;
import java.util.Optional;

/**
 * The FlannelNetworks as they are shown to people. They are read from the operator's caches on
 * demand, from any thread.
 */
public interface Networks {
  /**
   * The replica that answers and the one that acts. Only this method sends a request to the API
   * server.
   */
  Replica replica();

  /** The names of all FlannelNetworks, sorted. */
  List<String> names();

  /** What is known about a network; empty if there is none with this name. */
  Optional<ObservedNetwork> find(String name);

  /**
   * Returns a value that changes whenever the result of {@link #find} may have changed. It is cheap
   * enough to be read every second.
   *
   * @return empty if there is no such network
   */
  Optional<String> revision(String name);
}
