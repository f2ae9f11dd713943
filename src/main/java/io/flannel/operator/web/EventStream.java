package io.flannel.operator.web;

import io.flannel.operator.report.view.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The events of one network, for all who listen to it. */
final class EventStream {
  private final String network;
  private final Networks networks;
  private final List<EventSubscriber> listeners = new CopyOnWriteArrayList<>();

  private Optional<String> revision = Optional.empty();

  /** What was last read, as events. */
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
   * Reads the network if it is another than last time, and sends what a listener lacks; one that
   * has gone is none any more, even if nobody told so.
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

  /** JSON has no line breaks, which would end the data. */
  private static String event(String name, Object data) {
    return "event: %s\ndata: %s\n\n".formatted(name, Responses.json(data));
  }
}
