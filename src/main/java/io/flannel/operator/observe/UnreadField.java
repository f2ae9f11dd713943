package io.flannel.operator.observe;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A field that could not be read.
 *
 * @param path such as {@code status.peers[3].rttP99Micros}
 * @param why a sentence that says what is there and what belongs there
 */
record UnreadField(String path, String why) {
  /** Maximum number of characters shown of a value: anybody may have written it. */
  private static final int SHOWN = 64;

  /**
   * Describes a fault.
   *
   * @param name the part's name
   * @param tree the part
   * @param fault the exception that ended its reading
   */
  static UnreadField of(String name, JsonNode tree, Exception fault) {
    StringBuilder path = new StringBuilder(name);
    JsonNode value = tree;
    if (fault instanceof JsonMappingException mapping) {
      for (JsonMappingException.Reference step : mapping.getPath()) {
        if (step.getFieldName() != null) {
          path.append('.').append(cut(step.getFieldName()));
          value = value.path(step.getFieldName());
        } else if (step.getIndex() >= 0) {
          path.append('[').append(step.getIndex()).append(']');
          value = value.path(step.getIndex());
        }
      }
    }
    String found =
        value instanceof MissingNode
            ? "%s is missing".formatted(path)
            : path + " is " + said(value);
    return new UnreadField(
        path.toString(), "%s, where %s belongs".formatted(found, expected(fault, value)));
  }

  Map<String, String> asEntry() {
    return Map.of(path, why);
  }

  private static String said(JsonNode value) {
    if (value.isObject()) {
      return "an object";
    }
    if (value.isArray()) {
      return "a list";
    }
    return value.isTextual() ? "'" + cut(value.textValue()) + "'" : cut(value.asText());
  }

  private static String cut(String text) {
    String shown = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    return shown.replaceAll("[^\\x20-\\x7e…]", "?");
  }

  private static String expected(Exception fault, JsonNode value) {
    Class<?> type = type(fault);
    if (type == null) {
      return "something else";
    }
    if (type == int.class || type == Integer.class) {
      return "a whole number of 32 bits";
    }
    if (type == long.class || type == Long.class) {
      return "a whole number of 64 bits";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a text";
    }
    if (type == IntOrString.class) {
      return "a number or a text";
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(constant -> named(type, ((Enum<?>) constant).name()))
          .collect(Collectors.joining(", ", "one of ", ""));
    }
    if (Collection.class.isAssignableFrom(type)) {
      return value.isNull() ? "no null" : "a list";
    }
    return "an object";
  }

  private static @Nullable Class<?> type(Throwable fault) {
    for (Throwable one = fault; one != null; one = one.getCause()) {
      if (one instanceof InputCoercionException number) {
        return number.getTargetType();
      }
      if (one instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
        return mismatch.getTargetType();
      }
    }
    return null;
  }

  private static String named(Class<?> type, String constant) {
    try {
      JsonProperty name = type.getField(constant).getAnnotation(JsonProperty.class);
      return name == null ? constant : name.value();
    } catch (NoSuchFieldException e) {
      return constant;
    }
  }
}
