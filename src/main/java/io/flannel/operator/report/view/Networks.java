package io.flannel.operator.report.view;

import java.util.List;
import java.util.Optional;

/**
 * The FlannelNetworks as they are shown to people: read from the operator's caches when somebody
 * looks, and by any thread.
 */
public interface Networks {
  /** Who answers, and who acts. This alone asks the API server. */
  Replica replica();

  /** The names of all FlannelNetworks, sorted. */
  List<String> names();

  /** What is known of one; empty: there is none of that name. */
  Optional<ObservedNetwork> find(String name);

  /**
   * Changes whenever anything may have changed that {@link #find} tells of; cheap enough to be
   * asked for every second.
   *
   * @return empty: there is no such network
   */
  Optional<String> revision(String name);
}
