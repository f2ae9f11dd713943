package io.flannel.operator.agent.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The agent reads what the operator's jackson-databind writes, and the other way round. */
class RecordJsonTest {
  private static final ObjectMapper DATABIND =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  @Property(tries = 300)
  void statusIsWrittenAsDatabindDoes(@ForAll long seed) throws Exception {
    Object status = any(FlannelNodeStatus.class, new Random(seed));
    assertThat(new String(RecordJson.write(status), StandardCharsets.UTF_8))
        .isEqualTo(DATABIND.writeValueAsString(status));
  }

  @Property(tries = 300)
  void specIsReadAsDatabindWritesIt(@ForAll long seed) throws Exception {
    Object spec = any(FlannelNodeSpec.class, new Random(seed));
    byte[] json = DATABIND.writeValueAsBytes(spec);
    assertThat(RecordJson.read(FlannelNodeSpec.class, Json.read(json), "spec")).isEqualTo(spec);
  }

  @Test
  void fieldsOfANewerOperatorAreIgnored() throws IOException {
    String json =
        "{\"network\": \"default\", \"backend\": \"host-gw\", \"new\": {\"a\": [1, null, 2.5]}}";
    FlannelNodeSpec spec = RecordJson.read(FlannelNodeSpec.class, json(json), "spec");
    assertThat(spec.backend()).isEqualTo(BackendType.HOST_GW);
    assertThat(spec.peers()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]                              | spec is an array",
        "{\"mtu\": \"1450\"}             | spec.mtu is a string",
        "{\"mtu\": 4294967296}           | spec.mtu is a number",
        "{\"backend\": \"udp\"}          | spec.backend: 'udp' is not known",
        "{\"peers\": [{\"name\": true}]} | spec.peers[0].name is true or false",
        "{\"vxlan\": 1}                  | spec.vxlan is a number",
      })
  void whatIsOfTheWrongTypeIsNamed(String text, String said) throws IOException {
    Json json = json(text);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RecordJson.read(FlannelNodeSpec.class, json, "spec"))
        .withMessageStartingWith(said);
  }

  @Test
  void patchIsAListOfMaps() {
    assertThat(RecordJson.write(List.of(Map.of("op", "add"))))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("[{\"op\":\"add\"}]");
  }

  private static Json json(String text) throws IOException {
    return Json.read(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A random value of a type, in which each component of a record is sometimes null. */
  private static Object any(Type type, Random random) throws ReflectiveOperationException {
    if (type == String.class) {
      return "“%d\"\\\n\u0001ü".formatted(random.nextInt());
    } else if (type == Integer.class) {
      return random.nextInt();
    } else if (type == Long.class) {
      return random.nextLong();
    } else if (type == Boolean.class) {
      return random.nextBoolean();
    } else if (type instanceof ParameterizedType list) {
      Type each = list.getActualTypeArguments()[0];
      return random.nextBoolean()
          ? List.of()
          : List.of(any(each, random), any(each, random), any(each, random));
    }
    Class<?> shape = (Class<?>) type;
    if (shape.isEnum()) {
      return shape.getEnumConstants()[random.nextInt(shape.getEnumConstants().length)];
    }
    RecordComponent[] components = shape.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(4) == 0 ? null : any(components[i].getGenericType(), random);
    }
    return shape
        .getDeclaredConstructor(
            Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new))
        .newInstance(values);
  }
}
