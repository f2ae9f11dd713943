package io.flannel.operator.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which networks are listed, and the answers to requests for others. */
class NetworkRoutesTest {
  @RegisterExtension final TestServer server = new TestServer();

  @Test
  void leaderListsTheNetworks() throws IOException {
    assertThat(server.get("/api/networks"))
        .endsWith(
            "{\"operator\":{\"version\":\"1\",\"instance\":\"a\",\"leader\":\"a\"},"
                + "\"networks\":[\"default\"]}");
  }

  @Test
  void standbyListsNoNetworkAndNamesTheLeader() throws IOException {
    server.networks.leader = "b";
    assertThat(server.get("/api/networks"))
        .contains("\"leader\":\"b\"")
        .endsWith("\"networks\":[]}");
    for (String path : List.of("", "/events", "/path?from=n1&to=n2")) {
      assertThat(server.get("/api/networks/default" + path))
          .startsWith("HTTP/1.1 503")
          .contains("a stands by: forward the port to the pod b, which acts");
    }
    server.networks.leader = null;
    assertThat(server.get("/api/networks")).contains("\"leader\":null");
    assertThat(server.get("/api/networks/default")).contains("no replica acts at present");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/networks/none, 404, there is no FlannelNetwork none",
    "/api/networks/none/events, 404, there is no FlannelNetwork none",
    "/api/networks/default/path, 400, from one node to another",
    "/api/networks/default/path?from=n1&to=n1, 400, from one node to another",
    "/api/networks/default/path?from=n1&to=n9, 404, n1 is no node of network default"
  })
  void whatIsAskedWrongIsAnsweredWithWhatToDo(String path, int status, String words)
      throws IOException {
    assertThat(server.get(path))
        .startsWith("HTTP/1.1 " + status)
        .contains("{\"error\":\"")
        .contains(words);
  }
}
