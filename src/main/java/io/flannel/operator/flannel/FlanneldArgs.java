package io.flannel.operator.flannel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * flanneld's arguments as Go's flag package reads them: {@code -flag}, {@code --flag=value} and
 * {@code --flag value} are alike (main.go).
 *
 * @param values what each flag is set to, in the order of the arguments, by the flag's name
 * @param rest what is no flag; flanneld reads nothing from there on
 */
public record FlanneldArgs(Map<String, List<String>> values, List<String> rest) {
  /** Flags that take no argument of their own. */
  private static final Set<String> BOOLEAN =
      Set.of(
          "ip-masq",
          "ip-masq-fully-random-disable",
          "kube-subnet-mgr",
          "version",
          "iptables-forward-rules",
          "ip-blackhole-route",
          "set-node-network-unavailable");

  /** What Go's strconv.ParseBool takes for true. */
  private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");

  /** Flags of which each use counts; of others, the last does. */
  private static final Set<String> REPEATABLE = Set.of("iface", "iface-regex");

  /** Reads arguments. */
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

  /** What a flag is set to, if it is. */
  public Optional<String> value(String flag) {
    return all(flag).stream().reduce((first, last) -> last);
  }

  /** Everything that a flag is set to. */
  public List<String> all(String flag) {
    return values.getOrDefault(flag, List.of());
  }

  /** Whether a boolean flag is on. */
  public boolean isOn(String flag) {
    return value(flag).filter("true"::equals).isPresent();
  }

  /**
   * The arguments again, in the order of their names, each {@code --flag} or {@code --flag=value}.
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
