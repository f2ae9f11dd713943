package io.flannel.operator.agent.checks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The node's files as the agent's container sees them. Its /proc shows the host's network, because
 * the pod uses the host network.
 *
 * @param proc where /proc is
 * @param devices where /sys/class/net is
 * @param flannelRun the directory of flannel's subnet.env, /run/flannel on the node
 * @param cniConf the directory of CNI configurations, spec.cni.confDir on the node
 */
record HostFiles(Path proc, Path devices, Path flannelRun, Path cniConf) {
  private static final int LIMIT = 64 << 10;
  private static final String CNI_FILE = "10-flannel.conflist";

  /** What the kernel accepts as a device's name, except names that would leave the directory. */
  private static final Pattern DEVICE = Pattern.compile("(?![.]{1,2}$)[^/\\s]{1,15}");

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
  private static final Pattern COUNTER = Pattern.compile("[0-9]{1,18}");

  /** flannel's settings for the CNI plugin. */
  ReadResult<SubnetEnv> subnetEnv() {
    return text(flannelRun.resolve("subnet.env"))
        .flatMap(text -> ReadResult.read(SubnetEnv.parse(text)));
  }

  /** The path of flannel's CNI configuration, if it exists. */
  ReadResult<String> cniConfig() {
    Path file = cniConf.resolve(CNI_FILE);
    try {
      Files.readAttributes(file, "size");
      return ReadResult.read(file.toString());
    } catch (NoSuchFileException | NotDirectoryException e) {
      return ReadResult.absent();
    } catch (IOException e) {
      return unreadable(file);
    }
  }

  /**
   * The MTUs of a bridge's ports, in no particular order; absent if the bridge does not exist. A
   * port that disappears meanwhile is left out.
   */
  ReadResult<List<Integer>> portMtus(String bridge) {
    Path ports = devices.resolve(bridge).resolve("brif");
    List<Integer> mtus = new ArrayList<>();
    try (DirectoryStream<Path> names = Files.newDirectoryStream(ports)) {
      for (Path port : names) {
        number(devices.resolve(port.getFileName()).resolve("mtu")).value().ifPresent(mtus::add);
      }
      return ReadResult.read(List.copyOf(mtus));
    } catch (NoSuchFileException | NotDirectoryException e) {
      return ReadResult.absent();
    } catch (IOException | DirectoryIteratorException e) {
      return unreadable(ports);
    }
  }

  /** The kernel's settings, with rp_filter of these devices; {@code all} may be among them. */
  KernelState.Sysctls sysctls(List<String> devices) {
    Path net = proc.resolve("sys/net");
    Map<String, Integer> rpFilter = new HashMap<>();
    for (String device : devices) {
      if (DEVICE.matcher(device).matches()) {
        number(net.resolve("ipv4/conf").resolve(device).resolve("rp_filter"))
            .value()
            .ifPresent(value -> rpFilter.put(device, value));
      }
    }
    return new KernelState.Sysctls(
        number(net.resolve("ipv4/ip_forward")),
        number(net.resolve("ipv6/conf/all/forwarding")),
        Map.copyOf(rpFilter));
  }

  /** The kernel's counters of dropped packets. */
  KernelState.Counters counters() {
    return new KernelState.Counters(
        counter("net/snmp", "Udp", "InCsumErrors"),
        counter("net/netstat", "TcpExt", "IPReversePathFilter"));
  }

  private ReadResult<Integer> number(Path file) {
    return text(file)
        .flatMap(
            text ->
                NUMBER.matcher(text.strip()).matches()
                    ? ReadResult.read(Integer.valueOf(text.strip()))
                    : ReadResult.failed("%s holds no number".formatted(file)));
  }

  private ReadResult<Long> counter(String file, String group, String name) {
    return text(proc.resolve(file)).flatMap(text -> counterIn(text, group, name));
  }

  /**
   * Reads a counter from a file such as /proc/net/snmp, where each group has a line of names and a
   * line of numbers, both of which begin with the group's name. Absent if the kernel does not have
   * it.
   */
  static ReadResult<Long> counterIn(String text, String group, String name) {
    List<List<String>> lines =
        text.lines()
            .filter(line -> line.startsWith(group + ":"))
            .map(line -> Arrays.asList(line.split(" ")))
            .toList();
    if (lines.size() != 2) {
      return ReadResult.absent();
    }
    int at = lines.get(0).indexOf(name);
    if (at < 0 || at >= lines.get(1).size()) {
      return ReadResult.absent();
    }
    String digits = lines.get(1).get(at);
    return COUNTER.matcher(digits).matches()
        ? ReadResult.read(Long.valueOf(digits))
        : ReadResult.absent();
  }

  private static ReadResult<String> text(Path file) {
    try (var stream = Files.newInputStream(file)) {
      return ReadResult.read(new String(stream.readNBytes(LIMIT), StandardCharsets.UTF_8));
    } catch (NoSuchFileException | NotDirectoryException e) {
      return ReadResult.absent();
    } catch (IOException e) {
      return unreadable(file);
    }
  }

  private static <T> ReadResult<T> unreadable(Path file) {
    return ReadResult.failed(
        "%s cannot be read: let other users read it and its directory".formatted(file));
  }
}
