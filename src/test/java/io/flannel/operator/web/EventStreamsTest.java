package io.flannel.operator.web;

import static io.flannel.operator.web.TestServer.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What event streams send, and to how many listeners. */
class EventStreamsTest {
  @RegisterExtension final TestServer server = new TestServer();

  @Test
  void changesAreSentAndNothingIsReadWhileThereAreNone() throws IOException {
    BufferedReader events = server.events();
    assertThat(event(events)).startsWith("event: network").contains("\"generation\":1");
    assertThat(event(events)).isEqualTo("event: mesh|data: {\"nodes\":[],\"probes\":[]}|");
    server.networks.generation = 2;
    assertThat(event(events)).startsWith("event: network").contains("\"generation\":2");
    int read = server.networks.read;
    int asked = server.networks.asked;
    await().until(() -> server.networks.asked > asked + 1);
    assertThat(server.networks.read).isEqualTo(read);
    server.networks.gone = true;
    assertThat(event(events)).isEqualTo("event: gone|data: {}|");
    assertThat(events.lines()).contains("0"); // the last chunk
  }

  @Test
  void oneReadingServesAllWhoListen() throws IOException {
    List<BufferedReader> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      BufferedReader events = server.events();
      assertThat(event(events)).contains("\"generation\":1");
      assertThat(event(events)).contains("event: mesh");
      all.add(events);
    }
    int read = server.networks.read;
    server.networks.generation = 2;
    for (BufferedReader events : all) {
      assertThat(event(events)).contains("\"generation\":2");
    }
    // Each request finds the network once; then one reading serves everybody.
    assertThat(server.networks.read).isEqualTo(read + 1);
  }

  @Test
  void listenersAreLimitedUntilOneLeaves() throws IOException {
    for (int i = 0; i < EventStreams.MOST_LISTENERS; i++) {
      event(server.events());
    }
    assertThat(server.get("/api/networks/default/events"))
        .startsWith("HTTP/1.1 503")
        .contains("32 pages listen already");
    server.sockets().getFirst().close();
    await()
        .until(() -> server.firstLine("/api/networks/default/events").startsWith("HTTP/1.1 200"));
  }

  /** What a browser does whose page is reloaded while the operator is slow. */
  @Test
  void listenerThatLeavesBeforeTheNetworkIsFoundHoldsNoPlace() throws IOException {
    for (int round = 1; round <= 3; round++) {
      server.networks.finding = new CountDownLatch(1);
      int all = round * 15; // Fewer than there are worker threads.
      List<Socket> leaving = new ArrayList<>();
      while (leaving.size() < 15) {
        leaving.add(server.send("GET", "/api/networks/default/events", "localhost"));
      }
      await().until(() -> server.networks.waiting.get() == all);
      for (Socket socket : leaving) {
        socket.close();
      }
      assertThat(server.get("/page/served.html"))
          .as("the closing is noticed")
          .startsWith("HTTP/1.1 200");
      server.networks.finding.countDown();
    }
    await().until(server::idle);
    assertThat(server.firstLine("/api/networks/default/events")).startsWith("HTTP/1.1 200");
  }

  @Test
  void networkIsNotLookedAtWhileNobodyListens() throws IOException {
    assertThat(server.idle()).isTrue();
    event(server.events());
    assertThat(server.idle()).isFalse();
    for (Socket socket : server.sockets()) {
      socket.close();
    }
    await().until(server::idle);
  }
}
