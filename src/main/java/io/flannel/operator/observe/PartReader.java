package io.flannel.operator.observe;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.generator.annotation.Required;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads an object's spec or status into a record, as the current schema describes it, whatever an
 * older or newer schema or none at all let in. Required fields must be there, lists and maps
 * contain no nulls, unknown fields are ignored. Nothing here throws.
 *
 * @param value what could be read; null if nothing
 * @param why by path, why something could not be read; empty if everything was
 */
record PartReader<T extends Record>(@Nullable T value, SortedMap<String, String> why) {
  private static final ObjectMapper STRICT =
      lenient(
          JsonMapper.builder()
              .annotationIntrospector(new RequiredFields())
              .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
              .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
              .build()
              .setDefaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL)));

  /** For what {@link #STRICT} accepted field by field: required fields may be missing. */
  private static final ObjectMapper PARTIAL = lenient(new ObjectMapper());

  private static ObjectMapper lenient(ObjectMapper mapper) {
    return mapper.disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
  }

  /**
   * Reads the whole part, or nothing.
   *
   * @param name the part's name, such as {@code status}
   * @param tree the part; null if it is missing, which is read as null
   */
  static <T extends Record> PartReader<T> whole(
      String name, @Nullable JsonNode tree, Class<T> type) {
    if (tree == null || tree.isNull()) {
      return new PartReader<>(null, Collections.emptySortedMap());
    }
    try {
      return new PartReader<>(STRICT.treeToValue(tree, type), Collections.emptySortedMap());
    } catch (JsonProcessingException | RuntimeException e) {
      return new PartReader<>(null, new TreeMap<>(UnreadField.of(name, tree, e).asEntry()));
    }
  }

  /** Reads the fields that can be read; the others are null. */
  static <T extends Record> PartReader<T> fields(
      String name, @Nullable JsonNode tree, Class<T> type) {
    PartReader<T> whole = whole(name, tree, type);
    if (whole.why().isEmpty() || !(tree instanceof ObjectNode object)) {
      return whole;
    }
    SortedMap<String, String> why = new TreeMap<>();
    ObjectNode readable = JsonNodeFactory.instance.objectNode();
    for (String field : fieldsOf(type)) {
      JsonNode value = object.get(field);
      if (value == null) {
        continue;
      }
      Optional<UnreadField> fault = fault(name, field, value, type);
      fault.ifPresent(it -> why.putAll(it.asEntry()));
      if (fault.isEmpty()) {
        readable.set(field, value);
      }
    }
    // Required fields that are missing, but not those that were there and could not be read.
    whole(name, readable, type)
        .why()
        .forEach(
            (path, fault) -> {
              if (why.keySet().stream().noneMatch(unread -> unread.startsWith(path))) {
                why.put(path, fault);
              }
            });
    try {
      return new PartReader<>(PARTIAL.treeToValue(readable, type), why);
    } catch (JsonProcessingException | RuntimeException e) {
      return new PartReader<>(null, why);
    }
  }

  private static Optional<UnreadField> fault(
      String name, String field, JsonNode value, Class<?> type) {
    JsonNode alone = JsonNodeFactory.instance.objectNode().set(field, value);
    try {
      STRICT.treeToValue(alone, type);
      return Optional.empty();
    } catch (JsonProcessingException | RuntimeException e) {
      boolean another =
          e instanceof JsonMappingException mapping
              && !mapping.getPath().isEmpty()
              && !field.equals(mapping.getPath().getFirst().getFieldName());
      return another ? Optional.empty() : Optional.of(UnreadField.of(name, alone, e));
    }
  }

  private static List<String> fieldsOf(Class<?> type) {
    return Arrays.stream(type.getRecordComponents()).map(PartReader::nameOf).toList();
  }

  private static String nameOf(RecordComponent component) {
    JsonProperty other = component.getAccessor().getAnnotation(JsonProperty.class);
    return other == null || other.value().isEmpty() ? component.getName() : other.value();
  }

  /** Requires the fields that the schema requires. */
  private static final class RequiredFields extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public @Nullable Boolean hasRequiredMarker(AnnotatedMember member) {
      return member.hasAnnotation(Required.class) ? Boolean.TRUE : super.hasRequiredMarker(member);
    }

    @Override
    public JsonSetter.Value findSetterInfo(Annotated member) {
      JsonSetter.Value value = super.findSetterInfo(member);
      return member.hasAnnotation(Required.class) ? value.withValueNulls(Nulls.FAIL) : value;
    }
  }
}
