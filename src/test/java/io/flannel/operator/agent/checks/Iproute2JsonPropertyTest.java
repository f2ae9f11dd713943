package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flannel.operator.api.BackendType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Damaged output: nothing throws, and the checks cope with what is still readable. */
class Iproute2JsonPropertyTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Property(tries = 2000)
  void bytesThatAreDamagedThrowNothing(
      @ForAll @IntRange(max = 20_000) int at, @ForAll byte value, @ForAll boolean cutOff)
      throws IOException {
    byte[] output = Iproute2JsonTest.captured();
    int place = at % output.length;
    output[place] = value;
    byte[] damaged = cutOff ? Arrays.copyOf(output, place) : output;
    assertThatCode(() -> Iproute2JsonTest.answers(damaged)).doesNotThrowAnyException();
  }

  /** Values of wrong types anywhere: the rest is read, and the checks cope with it. */
  @Property(tries = 2000)
  void valuesOfOtherTypesThrowNothing(@ForAll long seed) throws IOException {
    var random = new Random(seed);
    var output = new StringBuilder();
    try (var documents =
        JSON.readerFor(JsonNode.class).<JsonNode>readValues(Iproute2JsonTest.captured())) {
      while (documents.hasNext()) {
        JsonNode document = documents.next();
        damage(document, random);
        output.append(document).append('\n');
      }
    }
    var node = SimulatedNode.of(BackendType.IPIP);
    var answers = Iproute2JsonTest.answers(output.toString());
    KernelState healthy = node.state();
    var state =
        new KernelState(
            answers.links(),
            answers.routes(),
            healthy.ipv6Routes(),
            answers.neighbours(),
            healthy.forwarding(),
            healthy.subnetEnv(),
            healthy.cniConfig(),
            healthy.podMtus(),
            healthy.sysctls(),
            healthy.counters());
    assertThatCode(() -> LocalFindings.of(node.expected(), state)).doesNotThrowAnyException();
  }

  private static void damage(JsonNode document, Random random) {
    List<ObjectNode> objects = new ArrayList<>();
    collect(document, objects);
    for (int i = 0; i < 1 + random.nextInt(3) && !objects.isEmpty(); i++) {
      ObjectNode object = objects.get(random.nextInt(objects.size()));
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      if (!names.isEmpty()) {
        String name = names.get(random.nextInt(names.size()));
        switch (random.nextInt(8)) {
          case 0 -> object.remove(name);
          case 1 -> object.putNull(name);
          case 2 -> object.put(name, random.nextLong());
          case 3 -> object.put(name, "x".repeat(random.nextInt(200)));
          case 4 -> object.put(name, random.nextDouble());
          case 5 -> object.putArray(name).add(1).add("two").addNull();
          case 6 -> object.putObject(name).put("a", true);
          default -> object.put(name, "0.0.0.0/99");
        }
      }
    }
  }

  private static void collect(JsonNode node, List<ObjectNode> objects) {
    if (node instanceof ObjectNode object) {
      objects.add(object);
    }
    if (node instanceof ArrayNode || node instanceof ObjectNode) {
      node.forEach(child -> collect(child, objects));
    }
  }
}
