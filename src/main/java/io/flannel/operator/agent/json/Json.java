package io.flannel.operator.agent.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value. One that does not exist is {@link #isMissing() missing}, and so is JSON's {@code
 * null}: the agent does not distinguish them.
 */
public final class Json implements Iterable<Json> {
  static final JsonFactory FACTORY = new JsonFactory();
  private static final Json MISSING = new Json(null);

  /** A Map, List, String, Boolean, Long, BigInteger or Double; null if it is missing. */
  private final @Nullable Object value;

  private Json(@Nullable Object value) {
    this.value = value;
  }

  /** Creates a parser for a sequence of values. */
  public static JsonParser parser(InputStream stream) throws IOException {
    return FACTORY.createParser(stream);
  }

  /** Creates a parser for a sequence of values. */
  public static JsonParser parser(byte[] text) throws IOException {
    return FACTORY.createParser(text);
  }

  /**
   * Reads the first value of a text; missing if there is none.
   *
   * @throws IOException if it is malformed
   */
  public static Json read(byte[] text) throws IOException {
    try (JsonParser parser = parser(text)) {
      return next(parser).orElse(MISSING);
    }
  }

  /**
   * Reads the next value; empty at the end.
   *
   * @throws IOException if it is malformed, or cannot be read
   */
  public static Optional<Json> next(JsonParser parser) throws IOException {
    return parser.nextToken() == null ? Optional.empty() : Optional.of(current(parser));
  }

  /**
   * Reads the value that begins with the parser's current token.
   *
   * @throws IOException if it is malformed, or cannot be read
   */
  public static Json current(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Json> fields = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          fields.put(name, current(parser));
        }
        yield new Json(fields);
      }
      case START_ARRAY -> {
        List<Json> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(current(parser));
        }
        yield new Json(elements);
      }
      case VALUE_STRING -> new Json(parser.getText());
      case VALUE_TRUE -> new Json(true);
      case VALUE_FALSE -> new Json(false);
      case VALUE_NUMBER_INT ->
          new Json(
              parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                  ? parser.getBigIntegerValue()
                  : (Object) parser.getLongValue());
      case VALUE_NUMBER_FLOAT -> new Json(parser.getDoubleValue());
      case VALUE_NULL -> MISSING;
      case null, default -> throw new IOException("JSON that ends before it is complete");
    };
  }

  /** The object's field; missing if this is not an object, or has no such field. */
  public Json path(String field) {
    return value instanceof Map<?, ?> fields && fields.get(field) instanceof Json json
        ? json
        : MISSING;
  }

  /** Whether it is an object that has the field. */
  public boolean has(String field) {
    return value instanceof Map<?, ?> fields && fields.containsKey(field);
  }

  /** The elements of an array or the values of an object; none for anything else. */
  @Override
  public Iterator<Json> iterator() {
    List<Json> all = new ArrayList<>();
    Iterable<?> found =
        value instanceof Map<?, ?> fields
            ? fields.values()
            : value instanceof List<?> elements ? elements : List.of();
    for (Object one : found) {
      all.add((Json) one);
    }
    return Collections.unmodifiableList(all).iterator();
  }

  public boolean isMissing() {
    return value == null;
  }

  public boolean isObject() {
    return value instanceof Map;
  }

  public boolean isArray() {
    return value instanceof List;
  }

  public boolean isBoolean() {
    return value instanceof Boolean;
  }

  public boolean isTextual() {
    return value instanceof String;
  }

  /** Whether it is a number without a fraction, however large. */
  public boolean isIntegralNumber() {
    return value instanceof Long || value instanceof BigInteger;
  }

  /** Whether it is a number without a fraction that an int can hold. */
  public boolean canConvertToInt() {
    return value instanceof Long number && number == number.intValue();
  }

  /** Whether it is a number without a fraction that a long can hold. */
  public boolean canConvertToLong() {
    return value instanceof Long;
  }

  /** Whether it is an object without fields, or an array without elements. */
  public boolean isEmpty() {
    return value instanceof Map<?, ?> fields
        ? fields.isEmpty()
        : value instanceof List<?> elements && elements.isEmpty();
  }

  /** The string; empty for anything else. */
  public String asText() {
    return value instanceof String text ? text : "";
  }

  /** The number; 0 if it is not an integer that fits into an int. */
  public int asInt() {
    return canConvertToInt() ? (int) asLong() : 0;
  }

  /** The number; 0 if it is not an integer that fits into a long. */
  public long asLong() {
    return value instanceof Long number ? number : 0;
  }

  /** Whether it is {@code true}. */
  public boolean asBoolean() {
    return Boolean.TRUE.equals(value);
  }

  /** The kind of value, for messages. */
  String kind() {
    return switch (value) {
      case null -> "nothing";
      case Map<?, ?> _ -> "an object";
      case List<?> _ -> "an array";
      case String _ -> "a string";
      case Boolean _ -> "true or false";
      default -> "a number";
    };
  }
}
