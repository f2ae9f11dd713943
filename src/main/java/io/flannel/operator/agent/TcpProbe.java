package io.flannel.operator.agent;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tries TCP connections to learn whether a node is alive: one that refuses is. At most one attempt
 * per peer is under way.
 *
 * <p>The kernel retries a SYN for minutes. The deadline ends that, so that a {@link
 * ConnectException} always means a refusal.
 */
final class TcpProbe implements AutoCloseable {
  private record Attempt(
      PeerHealth peer, SocketChannel channel, long deadline, Consumer<Boolean> outcome) {}

  private final Selector selector;
  private final Map<PeerHealth, Attempt> underWay = new HashMap<>();

  TcpProbe(Selector selector) {
    this.selector = selector;
  }

  /**
   * Tries a connection, unless an attempt is under way.
   *
   * @param deadline when to give up, by {@link System#nanoTime}
   * @param outcome told whether the node responded, by accepting or refusing
   */
  void knock(PeerHealth peer, InetSocketAddress at, long deadline, Consumer<Boolean> outcome) {
    if (underWay.containsKey(peer)) {
      return;
    }
    SocketChannel channel = null;
    try {
      channel = SocketChannel.open();
      channel.configureBlocking(false);
      Attempt attempt = new Attempt(peer, channel, deadline, outcome);
      if (channel.connect(at)) {
        close(channel);
        outcome.accept(true);
      } else {
        channel.register(selector, SelectionKey.OP_CONNECT, attempt);
        underWay.put(peer, attempt);
      }
    } catch (IOException | IllegalArgumentException e) {
      // The second, where this machine has no such addresses: UnsupportedAddressTypeException.
      close(channel);
      outcome.accept(e instanceof ConnectException);
    }
  }

  /** Whether any attempt has no outcome yet. */
  boolean isUnderWay() {
    return !underWay.isEmpty();
  }

  /** Completes the attempts whose outcome is known. */
  void finish(Set<SelectionKey> selected) {
    for (SelectionKey key : selected) {
      if (key.isValid() && key.attachment() instanceof Attempt attempt && key.isConnectable()) {
        boolean reached;
        try {
          reached = attempt.channel().finishConnect();
        } catch (IOException e) {
          reached = e instanceof ConnectException;
        }
        end(attempt, reached);
      }
    }
  }

  /** Gives up attempts whose deadline is over. */
  void expire(long now) {
    for (Attempt attempt : Set.copyOf(underWay.values())) {
      if (attempt.deadline() - now <= 0) {
        end(attempt, false);
      }
    }
  }

  /** Time until the next deadline; a day if there is none. */
  long nanosToWait(long now) {
    return underWay.values().stream()
        .mapToLong(attempt -> attempt.deadline() - now)
        .min()
        .orElse(86_400_000_000_000L);
  }

  /** Drops the attempts for all other peers, without an outcome. */
  void forgetAllBut(Collection<PeerHealth> peers) {
    for (Attempt attempt : Set.copyOf(underWay.values())) {
      if (!peers.contains(attempt.peer())) {
        underWay.remove(attempt.peer());
        close(attempt.channel());
      }
    }
  }

  @Override
  public void close() {
    forgetAllBut(Set.of());
  }

  private void end(Attempt attempt, boolean reached) {
    underWay.remove(attempt.peer());
    close(attempt.channel());
    attempt.outcome().accept(reached);
  }

  private static void close(@Nullable SocketChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // Closed either way.
      }
    }
  }
}
