package io.flannel.operator.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.testing.hostile.HostileText;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the page reads is printable even after its escapes are decoded. */
class PrintableJsonTest {
  private record Answer(String text, List<String> list, Map<String, Object> map, Adoption of) {}

  @Test
  void textsListsAndKeysArePrintable() throws JsonProcessingException {
    String hostile = HostileText.ALL;
    String json =
        Responses.json(
            new Answer(
                hostile,
                List.of(hostile),
                Map.of(hostile, new FlannelNodeStatus.Finding("Reason", hostile, hostile)),
                new Adoption(hostile, null, hostile, null, List.of(hostile), "a: 1\nb: 2\u009b")));
    var read = new ObjectMapper().readTree(json);
    assertThat(read.path("text").asText()).startsWith("begin?").endsWith("end");
    assertThat(HostileText.isIn(json.replace("\\n", "\n"))).isFalse();
    assertThat(read.path("of").path("matching").asText()).isEqualTo("a: 1\nb: 2?");
    assertThat(read.path("map").fieldNames().next()).doesNotContain("\n").startsWith("begin?");
    assertThat(read.path("list").path(0).asText()).doesNotContain("\n");
  }
}
