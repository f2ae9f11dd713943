package io.flannel.operator.flannel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * flanneld's arguments as Go's flag package reads them: {@code -flag}, {@code --flag=value} and
 * {@code --flag value} are equivalent (main.go).
 *
 * @param values the values of each flag, in the order of the arguments, by the flag's name
 * @param rest the arguments from the first non-flag on, which flanneld ignores
 */
public record FlanneldArgs(Map<String, List<String>> values, List<String> rest) {
  /** Flags that don't take the next argument as their value. */
  private static final Set<String> BOOLEAN =
      Set.of(
          "ip-masq",
          "ip-masq-fully-random-disable",
          "kube-subnet-mgr",
          "version",
          "iptables-forward-rules",
          "ip-blackhole-route",
          "set-node-network-unavailable");

  /** What Go's strconv.ParseBool reads as true. */
  private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");

  /** Flags of which every use counts; of the others, only the last does. */
  private static final Set<String> REPEATABLE = Set.of("iface", "iface-regex");

  public static FlanneldArgs parse(List<String> args) {
    Map<String, List<String>> values = new TreeMap<>();
    int i = 0;
    while (i < args.size() && args.get(i).matches("--?[^-=].*")) {
      String[] parts = args.get(i).replaceFirst("^--?", "").split("=", 2);
      String name = parts[0];
      i++;
      String value;
      if (parts.length == 2) {
        value = parts[1];
      } else if (BOOLEAN.contains(name) || i == args.size()) {
        value = "true";
      } else {
        value = args.get(i++);
      }
      List<String> all = values.computeIfAbsent(name, any -> new ArrayList<>());
      if (!REPEATABLE.contains(name)) {
        all.clear();
      }
      all.add(BOOLEAN.contains(name) ? String.valueOf(TRUE.contains(value)) : value);
    }
    return new FlanneldArgs(values, args.subList(i, args.size()));
  }

  /** The last value of a flag, if it is set. */
  public Optional<String> value(String flag) {
    return all(flag).stream().reduce((first, last) -> last);
  }

  /** All values of a flag. */
  public List<String> all(String flag) {
    return values.getOrDefault(flag, List.of());
  }

  /** Whether a boolean flag is on. */
  public boolean isOn(String flag) {
    return value(flag).filter("true"::equals).isPresent();
  }

  /**
   * The arguments without some flags, sorted by name, each as {@code --flag} or {@code
   * --flag=value}.
   */
  public List<String> without(Set<String> flags) {
    return values.entrySet().stream()
        .filter(flag -> !flags.contains(flag.getKey()))
        .flatMap(flag -> flag.getValue().stream().map(value -> written(flag.getKey(), value)))
        .toList();
  }

  private static String written(String flag, String value) {
    return BOOLEAN.contains(flag) && value.equals("true")
        ? "--" + flag
        : "--%s=%s".formatted(flag, value);
  }
}
