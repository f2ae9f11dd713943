package io.flannel.operator.agent.checks;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code /run/flannel/subnet.env}, which flanneld writes once per start and the CNI plugin reads
 * for each new pod (pkg/subnet/subnet.go, WriteSubnetFile).
 *
 * @param values by name, such as {@code FLANNEL_SUBNET}; unknown ones are kept
 */
record SubnetEnv(Map<String, String> values) {
  /** Parses lines of {@code NAME=value}, as the CNI plugin does; ignores other lines. */
  static SubnetEnv parse(String text) {
    var values = new TreeMap<String, String>();
    text.lines()
        .forEach(
            line -> {
              int equals = line.indexOf('=');
              if (equals > 0) {
                values.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
              }
            });
    return new SubnetEnv(values);
  }

  Optional<String> get(String name) {
    return Optional.ofNullable(values.get(name));
  }
}
