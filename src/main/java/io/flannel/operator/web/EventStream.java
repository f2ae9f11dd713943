package io.flannel.operator.web;

import io.flannel.operator.report.view.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The events of one network, for all its subscribers. */
final class EventStream {
  private final String network;
  private final Networks networks;
  private final List<EventSubscriber> listeners = new CopyOnWriteArrayList<>();

  private Optional<String> revision = Optional.empty();

  /** The state last read, as an event. */
  private String state = "";

  private String mesh = "";

  EventStream(String network, Networks networks) {
    this.network = network;
    this.networks = networks;
  }

  int size() {
    return listeners.size();
  }

  void add(EventSubscriber listener) {
    listeners.add(listener);
  }

  void remove(EventSubscriber listener) {
    listeners.remove(listener);
  }

  /**
   * Reads the network if its revision changed, and sends each subscriber what it lacks. Subscribers
   * whose connection is closed are removed here, even if no handler reported that.
   */
  void look() {
    listeners.removeIf(EventSubscriber::isClosed);
    Optional<String> now = networks.revision(network);
    Optional<ObservedNetwork> changed =
        now.equals(revision) ? Optional.empty() : networks.find(network);
    changed.ifPresent(
        it -> {
          state = event("network", it.view());
          mesh = event("mesh", it.mesh());
          revision = now;
        });
    boolean gone = now.isEmpty() || (!now.equals(revision) && changed.isEmpty());
    if (gone) {
      listeners.forEach(listener -> listener.end("event: gone\ndata: {}\n\n"));
      listeners.clear();
    } else {
      listeners.forEach(listener -> listener.send(state, mesh));
    }
  }

  /** The data must not contain line breaks, and this JSON has none. */
  private static String event(String name, Object data) {
    return "event: %s\ndata: %s\n\n".formatted(name, Responses.json(data));
  }
}
