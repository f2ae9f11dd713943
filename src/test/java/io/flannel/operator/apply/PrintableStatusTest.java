package io.flannel.operator.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.testing.hostile.HostileText;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** No field of a status contains unprintable characters. */
class PrintableStatusTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void everyTextOfEveryFieldIsPrintable() throws Exception {
    FlannelNetworkStatus hostile = (FlannelNetworkStatus) filled(FlannelNetworkStatus.class);
    assertThat(texts(hostile)).hasSizeGreaterThan(30).allMatch(HostileText::isIn);

    FlannelNetworkStatus printable = PrintableStatus.of(hostile);

    assertThat(texts(printable))
        .hasSameSizeAs(texts(hostile))
        .allMatch(text -> PrintableText.lines(text).equals(text));
    assertThat(texts(printable).stream().filter(text -> text.contains("\n")))
        .as("the manifest alone has lines")
        .containsExactly(printable.adoption().matching());
    assertThat(PrintableStatus.of(printable)).isSameAs(printable);
  }

  /** Returns all texts except enum values. */
  private static List<String> texts(FlannelNetworkStatus status) throws JsonProcessingException {
    return leaves(JSON.readTree(JSON.writeValueAsString(status)))
        .filter(text -> !text.matches("[A-Z]?[a-z-]+([A-Z][a-z]+)*"))
        .toList();
  }

  private static Stream<String> leaves(JsonNode node) {
    return node.isTextual()
        ? Stream.of(node.asText())
        : StreamSupport.stream(node.spliterator(), false).flatMap(PrintableStatusTest::leaves);
  }

  /** A value whose texts are all hostile and whose lists have one entry. */
  private static Object filled(Type type) throws ReflectiveOperationException {
    if (type instanceof ParameterizedType list) {
      return List.of(filled(list.getActualTypeArguments()[0]));
    }
    Class<?> of = (Class<?>) type;
    if (of == String.class) {
      return HostileText.ALL;
    }
    if (of.isEnum()) {
      return of.getEnumConstants()[0];
    }
    if (of.isRecord()) {
      RecordComponent[] components = of.getRecordComponents();
      Constructor<?> constructor =
          of.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      Object[] values = new Object[components.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = filled(components[i].getGenericType());
      }
      return constructor.newInstance(values);
    }
    return of == Boolean.class ? Boolean.TRUE : of == Integer.class ? (Object) 1 : (Object) 1L;
  }
}
