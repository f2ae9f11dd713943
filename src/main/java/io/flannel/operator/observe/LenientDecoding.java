package io.flannel.operator.observe;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.CustomResource;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.quarkus.kubernetes.client.KubernetesClientObjectMapperCustomizer;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets the Kubernetes client read any FlannelNetwork and FlannelNode, whatever it contains. An
 * agent writes FlannelNodes, older and newer schemas admit other content, and one unreadable object
 * would end the watch of all. An unreadable part is null, and {@link Unread} says why.
 *
 * <p>One unreadable field makes the whole of a FlannelNode's status unread: nothing that such an
 * agent reports is trusted. The other parts are read field by field.
 */
@Singleton
public class LenientDecoding implements KubernetesClientObjectMapperCustomizer {
  /**
   * Limits that no stored object exceeds: the API server accepts this nesting depth, and etcd
   * stores nothing this long.
   */
  private static final StreamReadConstraints AS_THE_API_SERVER =
      StreamReadConstraints.builder()
          .maxNestingDepth(20_000)
          .maxNameLength(8 * 1024 * 1024)
          .maxStringLength(64 * 1024 * 1024)
          .build();

  @Override
  public void customize(ObjectMapper mapper) {
    mapper.getFactory().setStreamReadConstraints(AS_THE_API_SERVER);
    SimpleModule module = new SimpleModule("flannel-operator");
    module.addDeserializer(
        FlannelNetwork.class,
        new Lenient<>(
            FlannelNetwork.class,
            FlannelNetwork::new,
            tree -> spec(tree, FlannelNetworkSpec.class),
            tree -> PartReader.fields("status", tree.get("status"), FlannelNetworkStatus.class)));
    module.addDeserializer(
        FlannelNode.class,
        new Lenient<>(
            FlannelNode.class,
            FlannelNode::new,
            tree -> spec(tree, FlannelNodeSpec.class),
            tree -> PartReader.whole("status", tree.get("status"), FlannelNodeStatus.class)));
    mapper.registerModule(module);
  }

  private static <S extends Record> PartReader<S> spec(JsonNode tree, Class<S> type) {
    return PartReader.fields("spec", tree.get("spec"), type);
  }

  /** Reads a part of an object. */
  private interface Reading<P extends Record> {
    PartReader<P> from(JsonNode tree);
  }

  private static final class Lenient<
          S extends Record, P extends Record, R extends CustomResource<S, P>>
      extends StdDeserializer<R> {
    private static final long serialVersionUID = 1;

    private final transient Supplier<R> make;
    private final transient Reading<S> spec;
    private final transient Reading<P> status;

    Lenient(Class<R> kind, Supplier<R> make, Reading<S> spec, Reading<P> status) {
      super(kind);
      this.make = make;
      this.spec = spec;
      this.status = status;
    }

    @Override
    public R deserialize(JsonParser parser, DeserializationContext context) throws IOException {
      JsonNode tree = context.readTree(parser);
      R object = make.get();
      ObjectMeta meta = metadata(tree.path("metadata"), context);
      object.setMetadata(meta);
      Unread unread = Unread.of(object);
      unread = set(spec.from(tree), object, CustomResource::setSpec, unread);
      unread = set(status.from(tree), object, CustomResource::setStatus, unread);
      unread.keepWith(meta);
      return object;
    }

    private static <R, V extends Record> Unread set(
        PartReader<V> part, R object, BiConsumer<R, @Nullable V> setter, Unread unread) {
      setter.accept(object, part.value());
      return unread.and(part.why());
    }
  }

  /**
   * Returns the metadata, never null and without nulls in its collections. What can't be read is
   * left out.
   */
  private static ObjectMeta metadata(JsonNode tree, DeserializationContext context) {
    ObjectMeta meta;
    try {
      meta =
          Objects.requireNonNullElseGet(
              context.readTreeAsValue(tree, ObjectMeta.class), ObjectMeta::new);
    } catch (IOException | RuntimeException e) {
      meta = essentials(tree);
    }
    meta.setLabels(withoutNulls(meta.getLabels()));
    meta.setAnnotations(withoutNulls(meta.getAnnotations()));
    meta.setFinalizers(withoutNulls(meta.getFinalizers()));
    meta.setOwnerReferences(withoutNulls(meta.getOwnerReferences()));
    meta.setManagedFields(withoutNulls(meta.getManagedFields()));
    if (meta.getGeneration() == null) {
      meta.setGeneration(0L);
    }
    return meta;
  }

  /** Reads only what identifies an object and its state of deletion. */
  private static ObjectMeta essentials(JsonNode tree) {
    ObjectMeta meta = new ObjectMeta();
    meta.setName(tree.path("name").textValue());
    meta.setUid(tree.path("uid").textValue());
    meta.setResourceVersion(tree.path("resourceVersion").textValue());
    meta.setGeneration(tree.path("generation").asLong());
    meta.setCreationTimestamp(tree.path("creationTimestamp").textValue());
    meta.setDeletionTimestamp(tree.path("deletionTimestamp").textValue());
    List<String> finalizers = new ArrayList<>();
    tree.path("finalizers").forEach(one -> finalizers.add(one.asText()));
    meta.setFinalizers(finalizers);
    return meta;
  }

  private static <E> List<E> withoutNulls(@Nullable List<E> list) {
    List<E> whole = list == null ? new ArrayList<>() : new ArrayList<>(list);
    whole.removeIf(Objects::isNull);
    return whole;
  }

  private static Map<String, String> withoutNulls(@Nullable Map<String, String> map) {
    Map<String, String> whole = new LinkedHashMap<>();
    if (map != null) {
      map.forEach(
          (key, value) -> {
            if (value != null) {
              whole.put(key, value);
            }
          });
    }
    return whole;
  }
}
