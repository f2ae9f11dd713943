package io.flannel.operator.agent.json;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes records as JSON objects. Components are fields, and null components are left
 * out, as jackson-databind does with {@code @JsonInclude(NON_NULL)}. Components are strings,
 * booleans, ints and longs, enums with {@link JsonProperty} names, records, and lists of them.
 */
public final class RecordJson {
  private RecordJson() {}

  /**
   * Reads a record; ignores unknown fields.
   *
   * @param path the object's name in messages, such as {@code spec}
   * @throws IllegalArgumentException with the field that is of the wrong type
   */
  public static <T extends Record> T read(Class<T> type, Json json, String path) {
    if (!json.isObject()) {
      throw new IllegalArgumentException("%s is %s, not an object".formatted(path, json.kind()));
    }
    RecordComponent[] components = type.getRecordComponents();
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      values[i] = value(components[i].getGenericType(), json.path(name), path + "." + name);
    }
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return type.getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("%s cannot be a %s: %s".formatted(path, type, e), e);
    }
  }

  private static @Nullable Object value(Type type, Json json, String path) {
    if (json.isMissing()) {
      return null;
    }
    if (type == String.class && json.isTextual()) {
      return json.asText();
    } else if (type == Integer.class && json.canConvertToInt()) {
      return json.asInt();
    } else if (type == Long.class && json.canConvertToLong()) {
      return json.asLong();
    } else if (type == Boolean.class && json.isBoolean()) {
      return json.asBoolean();
    } else if (type instanceof ParameterizedType list && json.isArray()) {
      List<@Nullable Object> elements = new ArrayList<>();
      for (Json element : json) {
        Type each = list.getActualTypeArguments()[0];
        elements.add(value(each, element, "%s[%d]".formatted(path, elements.size())));
      }
      return elements;
    } else if (type instanceof Class<?> record && record.isRecord()) {
      return read(record.asSubclass(Record.class), json, path);
    } else if (type instanceof Class<?> constants && constants.isEnum() && json.isTextual()) {
      return constant(constants, json.asText())
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "%s: '%s' is not known".formatted(path, json.asText())));
    }
    throw new IllegalArgumentException(
        "%s is %s, which no %s can be".formatted(path, json.kind(), type.getTypeName()));
  }

  private static Optional<Object> constant(Class<?> type, String name) {
    return Arrays.stream(type.getEnumConstants())
        .map(Object.class::cast)
        .filter(constant -> wireName((Enum<?>) constant).equals(name))
        .findFirst();
  }

  /**
   * Writes a record, or a list or map of what a component can be.
   *
   * @throws IllegalArgumentException if the value is something else
   */
  public static byte[] write(Object value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = Json.FACTORY.createGenerator(bytes)) {
      write(value, json);
    } catch (IOException e) {
      throw new IllegalStateException("memory can be written to", e);
    }
    return bytes.toByteArray();
  }

  private static void write(Object value, JsonGenerator json) throws IOException {
    switch (value) {
      case String text -> json.writeString(text);
      case Boolean bool -> json.writeBoolean(bool);
      case Integer number -> json.writeNumber(number);
      case Long number -> json.writeNumber(number);
      case Enum<?> constant -> json.writeString(wireName(constant));
      case List<?> list -> {
        json.writeStartArray();
        for (Object element : list) {
          write(element, json);
        }
        json.writeEndArray();
      }
      case Map<?, ?> map -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          json.writeFieldName(String.valueOf(entry.getKey()));
          write(entry.getValue(), json);
        }
        json.writeEndObject();
      }
      case Record record -> {
        json.writeStartObject();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
          Object field = field(record, component);
          if (field != null) {
            json.writeFieldName(component.getName());
            write(field, json);
          }
        }
        json.writeEndObject();
      }
      default -> throw new IllegalArgumentException(value.getClass() + " has no JSON here");
    }
  }

  private static @Nullable Object field(Record record, RecordComponent component) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("%s cannot be read: %s".formatted(component, e), e);
    }
  }

  private static String wireName(Enum<?> constant) {
    try {
      JsonProperty name =
          constant.getDeclaringClass().getField(constant.name()).getAnnotation(JsonProperty.class);
      return name == null ? constant.name() : name.value();
    } catch (NoSuchFieldException e) {
      throw new IllegalArgumentException("%s is no constant".formatted(constant), e);
    }
  }
}
