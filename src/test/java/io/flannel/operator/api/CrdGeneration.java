package io.flannel.operator.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Comparator.comparingInt;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.CustomResource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Generates the CRDs from the types in this package. Completes the output of fabric8's generator:
 *
 * <ul>
 *   <li>how server-side apply merges lists: by their {@link MergeKey}, or atomically without one;
 *   <li>the bounds of int-or-string values;
 *   <li>the description of the kind itself, and defaults in descriptions;
 *   <li>the order of the columns that kubectl prints, and no priority where it is the default: the
 *       API server drops that, and {@code kubectl apply} would always see a difference;
 *   <li>the status of a FlannelNetwork that no operator has seen yet;
 *   <li>the annotations and labels for Helm, Flux and Argo CD.
 * </ul>
 *
 * <p>As a program ({@code make crds}), it rewrites {@code src/main/resources/crds}, the chart's
 * copies and the {@link ApiReference}.
 */
public final class CrdGeneration {
  /** Where the generated CRDs are committed. */
  static final Path COMMITTED = Path.of("src/main/resources/crds");

  /**
   * The chart's copies. They are not symlinks, which tools that read charts from Git archives drop.
   */
  private static final Path CHART = Path.of("helm/crds");

  private static final Map<Class<? extends CustomResource<?, ?>>, String> KINDS =
      Map.of(
          FlannelNetwork.class,
          "A cluster's flannel overlay: what its administrator wants (spec) and what the operator"
              + " sees of it (status). One a cluster; of two, the older is in charge.",
          FlannelNode.class,
          "One node's part of the overlay: what the node should have, written by the operator"
              + " (spec), and what the node's agent saw (status). Not for editing by hand.");

  /**
   * With these Helm treats a CRD that it created from the chart's {@code crds} as part of the
   * release, if that has the name and namespace that the docs use: see the chart's {@code
   * templates/crds.yaml}. Helm also never deletes a CRD, which would delete its objects.
   */
  private static final Map<String, String> HELM_ANNOTATIONS =
      Map.of(
          "helm.sh/resource-policy", "keep",
          "meta.helm.sh/release-name", "flannel-operator",
          "meta.helm.sh/release-namespace", "flannel-operator");

  /** With these Flux and Argo CD never prune a CRD, even when they remove the operator. */
  private static final Map<String, String> GITOPS_ANNOTATIONS =
      Map.of(
          "kustomize.toolkit.fluxcd.io/prune", "disabled",
          "argocd.argoproj.io/sync-options", "Prune=false,Delete=false");

  private static final Map<String, String> HELM_LABELS =
      Map.of("app.kubernetes.io/managed-by", "Helm");

  private CrdGeneration() {}

  public static void main(String[] args) throws IOException {
    for (Path folder : List.of(COMMITTED, CHART)) {
      Files.createDirectories(folder);
      for (var crd : generate().entrySet()) {
        Files.writeString(folder.resolve(crd.getKey()), crd.getValue());
        System.out.println("wrote " + folder.resolve(crd.getKey()));
      }
    }
    Files.writeString(ApiReference.COMMITTED, ApiReference.of(generate().values()));
    System.out.println("wrote " + ApiReference.COMMITTED);
  }

  /** Generates every CRD as YAML, by file name. */
  static Map<String, String> generate() throws IOException {
    Map<String, String> crds = new TreeMap<>();
    try (var output = new InMemory()) {
      new CRDGenerator()
          .withOutput(output)
          .forCRDVersions("v1")
          .withPostProcessor(new FinishingTouches())
          .customResourceClasses(List.copyOf(KINDS.keySet()))
          .generate();
      output.files.forEach(
          (name, bytes) ->
              crds.put(
                  name.replaceFirst("-v1$", "") + ".yaml",
                  bytes.toString(UTF_8).replaceFirst("^# Generated.*\n", "")));
    }
    return crds;
  }

  private static final class InMemory implements CRDGenerator.CRDOutput<ByteArrayOutputStream> {
    private final Map<String, ByteArrayOutputStream> files = new TreeMap<>();

    @Override
    public ByteArrayOutputStream outputFor(String crdName) {
      return files.computeIfAbsent(crdName, name -> new ByteArrayOutputStream());
    }

    @Override
    public void close() {}
  }

  private static final class FinishingTouches implements CRDPostProcessor {
    @Override
    public HasMetadata process(HasMetadata generated, String crdSpecVersion) {
      var crd = (CustomResourceDefinition) generated;
      Map<String, String> annotations = new TreeMap<>(HELM_ANNOTATIONS);
      annotations.putAll(GITOPS_ANNOTATIONS);
      crd.getMetadata().setAnnotations(annotations);
      crd.getMetadata().setLabels(new TreeMap<>(HELM_LABELS));
      for (var kind : KINDS.entrySet()) {
        if (kind.getKey().getSimpleName().equals(crd.getSpec().getNames().getKind())) {
          var version = crd.getSpec().getVersions().getFirst();
          version
              .getAdditionalPrinterColumns()
              .sort(comparingInt(column -> columns(kind.getKey()).indexOf(column.getName())));
          version
              .getAdditionalPrinterColumns()
              .forEach(column -> column.setPriority(noneIfZero(column.getPriority())));
          JSONSchemaProps root = version.getSchema().getOpenAPIV3Schema();
          root.setDescription(kind.getValue());
          root.setRequired(List.of("spec"));
          var types = (ParameterizedType) kind.getKey().getGenericSuperclass();
          mark((Class<?>) types.getActualTypeArguments()[0], root.getProperties().get("spec"));
          mark((Class<?>) types.getActualTypeArguments()[1], root.getProperties().get("status"));
          describe(root, "spec", "What is wanted.");
          describe(root, "status", "What is seen.");
        }
      }
      if (crd.getSpec().getNames().getKind().equals("FlannelNetwork")) {
        markUnseen(crd);
      }
      return crd;
    }

    /**
     * Gives a new FlannelNetwork the status of a generation that never existed. It has no
     * conditions before an operator sees it, and kstatus, which Flux and others use to wait,
     * considers an object without a status ready.
     */
    private static void markUnseen(CustomResourceDefinition crd) {
      crd.getSpec()
          .getVersions()
          .getFirst()
          .getSchema()
          .getOpenAPIV3Schema()
          .getProperties()
          .get("status")
          .setDefault(JsonNodeFactory.instance.objectNode().put("observedGeneration", -1));
    }

    private static Integer noneIfZero(Integer priority) {
      return priority != null && priority == 0 ? null : priority;
    }

    /**
     * Removes duplicate rules: a record component's annotations are on its field and its accessor.
     */
    private static void sayOnce(JSONSchemaProps property) {
      property.setXKubernetesValidations(
          property.getXKubernetesValidations().stream().distinct().toList());
    }

    /** Adds the default to the description, since {@code kubectl explain} shows no defaults. */
    private static void sayTheDefault(JSONSchemaProps property) {
      if (property.getDefault() != null) {
        property.setDescription(
            property.getDescription() + " Default: " + property.getDefault().asText() + ".");
      }
    }

    private static List<String> columns(Class<?> kind) {
      return Arrays.stream(kind.getAnnotationsByType(AdditionalPrinterColumn.class))
          .map(AdditionalPrinterColumn::name)
          .toList();
    }

    private static void describe(JSONSchemaProps root, String property, String description) {
      root.getProperties().get(property).setDescription(description);
    }

    private static void mark(Class<?> type, JSONSchemaProps schema) {
      if (!type.isRecord()) {
        return;
      }
      for (RecordComponent component : type.getRecordComponents()) {
        JSONSchemaProps property = schema.getProperties().get(nameOf(component));
        sayOnce(property);
        sayTheDefault(property);
        boundIntOrString(component, property);
        if (List.class.isAssignableFrom(component.getType())) {
          markList(component, property);
        } else {
          mark(component.getType(), property);
        }
      }
    }

    /** Adds the bounds of int-or-string values, which fabric8's generator leaves out. */
    private static void boundIntOrString(RecordComponent component, JSONSchemaProps property) {
      if (Boolean.TRUE.equals(property.getXKubernetesIntOrString())) {
        bound(component.getAccessor(), property);
      } else if (component.getAnnotatedType() instanceof AnnotatedParameterizedType map
          && property.getAdditionalProperties() != null) {
        JSONSchemaProps value = property.getAdditionalProperties().getSchema();
        if (Boolean.TRUE.equals(value.getXKubernetesIntOrString())) {
          bound(map.getAnnotatedActualTypeArguments()[1], value);
        }
      }
    }

    private static void bound(AnnotatedElement bounds, JSONSchemaProps schema) {
      schema.setMaxLength(bounds.getAnnotation(Size.class).max());
      schema.setMinimum(bounds.getAnnotation(Min.class).value());
      schema.setMaximum(bounds.getAnnotation(Max.class).value());
    }

    private static void markList(RecordComponent component, JSONSchemaProps list) {
      MergeKey key = component.getAccessor().getAnnotation(MergeKey.class);
      if (key == null) {
        list.setXKubernetesListType("atomic");
      } else {
        list.setXKubernetesListType("map");
        list.setXKubernetesListMapKeys(List.of(key.value()));
      }
      Type element = ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0];
      if (element instanceof Class<?> type) {
        mark(type, list.getItems().getSchema());
      }
    }

    private static String nameOf(RecordComponent component) {
      var renamed =
          component
              .getAccessor()
              .getAnnotation(com.fasterxml.jackson.annotation.JsonProperty.class);
      return renamed == null ? component.getName() : renamed.value();
    }
  }
}
