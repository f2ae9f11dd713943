package io.flannel.operator.flannel;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import org.jspecify.annotations.Nullable;

/**
 * JSON as flannel's Go reads it: keys ignore case, the last of several wins, and unknown ones are
 * ignored.
 */
public record GoJson(JsonNode node) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Parses a text. One that is not JSON reads like a missing value. */
  public static GoJson parse(@Nullable String text) {
    try {
      return new GoJson(text == null ? MissingNode.getInstance() : JSON.readTree(text));
    } catch (JsonProcessingException e) {
      return new GoJson(MissingNode.getInstance());
    }
  }

  /** The value of a key. */
  public GoJson at(String key) {
    JsonNode value = MissingNode.getInstance();
    for (var field : node.properties()) {
      if (field.getKey().equalsIgnoreCase(key)) {
        value = field.getValue();
      }
    }
    return new GoJson(value);
  }

  /** The value of a key as text; {@code otherwise} if it is missing. */
  public String text(String key, String otherwise) {
    return at(key).node.asText(otherwise);
  }

  /** The value of a key as a whole number; {@code otherwise} if it is missing. */
  public int number(String key, int otherwise) {
    return at(key).node.asInt(otherwise);
  }

  /** Like {@link #number}, but null if it is 0 or missing. */
  public @Nullable Integer nonZero(String key) {
    int number = number(key, 0);
    return number == 0 ? null : number;
  }

  /** Whether the value of a key is true. */
  public boolean flag(String key) {
    return at(key).node.asBoolean(false);
  }
}
