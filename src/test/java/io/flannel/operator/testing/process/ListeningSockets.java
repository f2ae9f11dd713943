package io.flannel.operator.testing.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The addresses where a process of this machine can be reached, from the kernel's tables of its
 * network namespace (proc_pid_net(5)).
 */
public final class ListeningSockets {
  private static final Pattern SOCKET = Pattern.compile("socket:\\[(\\d+)]");
  private static final String LISTEN = "0A";

  private ListeningSockets() {}

  /** Returns the addresses of its listening TCP sockets, such as {@code 127.0.0.1:18080}. */
  public static Set<String> tcp(long pid) {
    Set<String> inodes = sockets(pid);
    var addresses = new TreeSet<String>();
    for (String table : new String[] {"tcp", "tcp6"}) {
      try (var lines = Files.lines(Path.of("/proc", Long.toString(pid), "net", table))) {
        lines
            .skip(1)
            .map(line -> line.strip().split("\\s+"))
            .filter(row -> row[3].equals(LISTEN) && inodes.contains(row[9]))
            .forEach(row -> addresses.add(address(row[1])));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return addresses;
  }

  private static Set<String> sockets(long pid) {
    try (var files = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return files
          .map(ListeningSockets::target)
          .map(SOCKET::matcher)
          .filter(socket -> socket.matches())
          .map(socket -> socket.group(1))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (NoSuchFileException closedMeanwhile) {
      return "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Parses an address: words of four bytes in native order, as hexadecimal digits, and the port.
   */
  private static String address(String text) {
    String[] parts = text.split(":");
    ByteBuffer words = ByteBuffer.wrap(HexFormat.of().parseHex(parts[0]));
    var bytes = ByteBuffer.allocate(words.capacity()).order(ByteOrder.nativeOrder());
    while (words.hasRemaining()) {
      bytes.putInt(words.getInt());
    }
    try {
      // Turns an IPv4-mapped IPv6 address into IPv4.
      return InetAddress.getByAddress(bytes.array()).getHostAddress()
          + ":"
          + Integer.parseInt(parts[1], 16);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
