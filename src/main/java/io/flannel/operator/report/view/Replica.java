package io.flannel.operator.report.view;

import java.util.Optional;

/**
 * The operator's replica that answers.
 *
 * @param version of the operator, such as {@code 0.1.0}
 * @param instance its name: its pod's
 * @param leader the name of the replica that acts, which alone knows the networks' state; empty:
 *     none at present
 */
public record Replica(String version, String instance, Optional<String> leader) {
  /** Whether it is the one that acts. */
  public boolean leads() {
    return leader.filter(instance::equals).isPresent();
  }
}
