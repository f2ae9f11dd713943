package io.flannel.operator.testing.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.testing.apiserver.Crds;
import org.jspecify.annotations.Nullable;

/** Removes the schema of one of our CRDs, as if it had none, until closed. */
public final class LaxSchema implements AutoCloseable {
  private final TestCluster cluster;
  private final String plural;

  private LaxSchema(TestCluster cluster, String plural) {
    this.cluster = cluster;
    this.plural = plural;
  }

  /** Lets objects of this kind, such as {@code flannelnodes}, contain anything from now on. */
  public static LaxSchema of(TestCluster cluster, String plural) {
    cluster
        .client()
        .apiextensions()
        .v1()
        .customResourceDefinitions()
        .withName(plural + ".flannel.io")
        .edit(
            crd -> {
              JSONSchemaProps anything = new JSONSchemaProps();
              anything.setType("object");
              anything.setXKubernetesPreserveUnknownFields(true);
              crd.getSpec()
                  .getVersions()
                  .forEach(version -> version.getSchema().setOpenAPIV3Schema(anything));
              return crd;
            });
    LaxSchema lax = new LaxSchema(cluster, plural);
    TestCluster.eventually("no schema in force", lax::awaitTaken);
    return lax;
  }

  /**
   * Creates, in a dry run, an object that our schema refuses: it succeeds once the API server has
   * no schema.
   */
  private void awaitTaken() {
    var probe = new GenericKubernetesResource();
    probe.setApiVersion("flannel.io/v1alpha1");
    probe.setKind(plural.equals("flannelnodes") ? "FlannelNode" : "FlannelNetwork");
    probe.setMetadata(new ObjectMetaBuilder().withName("probe").build());
    probe.setAdditionalProperty("spec", "anything");
    cluster.client().resource(probe).dryRun(true).create();
  }

  /** Returns a client for FlannelNodes as JSON, whatever they contain. */
  public static MixedOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      flannelNodes(TestCluster cluster) {
    return cluster.client().genericKubernetesResources("flannel.io/v1alpha1", "FlannelNode");
  }

  /** Returns a client for FlannelNetworks as JSON, whatever they contain. */
  public static MixedOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      flannelNetworks(TestCluster cluster) {
    return cluster.client().genericKubernetesResources("flannel.io/v1alpha1", "FlannelNetwork");
  }

  /** Sets a node's report to this JSON; null removes it. */
  public void report(String node, @Nullable String status) {
    flannelNodes(cluster)
        .withName(node)
        .subresource("status")
        .patch(
            PatchContext.of(PatchType.JSON),
            "[{\"op\":\"add\",\"path\":\"/status\",\"value\":%s}]".formatted(status));
  }

  @Override
  public void close() {
    var ours = new Crds(cluster.client()).named(plural + ".flannel.io");
    cluster
        .client()
        .apiextensions()
        .v1()
        .customResourceDefinitions()
        .withName(plural + ".flannel.io")
        .edit(
            crd -> {
              crd.getSpec().setVersions(ours.getSpec().getVersions());
              return crd;
            });
    TestCluster.eventually(
        "the schema in force",
        () -> {
          try {
            awaitTaken();
          } catch (KubernetesClientException e) {
            return;
          }
          throw new AssertionError("not yet");
        });
  }
}
