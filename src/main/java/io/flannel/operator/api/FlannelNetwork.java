package io.flannel.operator.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** A cluster's flannel overlay, as its administrator wants it. Cluster-scoped; one per cluster. */
@Group(FlannelNetwork.GROUP)
@Version(FlannelNetwork.VERSION)
@Categories("flannel")
@ShortNames("fnet")
@AdditionalPrinterColumn(
    name = "Backend",
    jsonPath = ".spec.backend.type",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "CIDR",
    jsonPath = ".spec.cidr",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "IPv6 CIDR",
    jsonPath = ".spec.ipv6CIDR",
    type = AdditionalPrinterColumn.Type.STRING,
    priority = 1)
@AdditionalPrinterColumn(
    name = "Nodes",
    jsonPath = ".status.summary.nodes",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Leased",
    jsonPath = ".status.summary.leased",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Healthy",
    jsonPath = ".status.summary.healthy",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "MTU",
    jsonPath = ".status.applied.mtu",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Ready",
    jsonPath = ".status.conditions[?(@.type==\"Ready\")].status",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Reason",
    jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Age",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
@ValidationRule(
    value = "self.metadata.name.size() <= " + Bounds.NETWORK_NAME,
    message =
        "the name of a FlannelNetwork is a label of all that belongs to it: choose one of at most 63"
            + " characters")
public class FlannelNetwork extends CustomResource<FlannelNetworkSpec, FlannelNetworkStatus> {
  /** API group of all custom resources here. */
  public static final String GROUP = "flannel.io";

  /** The version served and stored. */
  public static final String VERSION = "v1alpha1";

  /**
   * The annotation by which a person confirms, with the value {@code true}, that the remains of
   * another flannel are left-overs and that none runs.
   */
  public static final String CONFIRM_NO_OTHER_FLANNEL = "flannel.io/confirm-no-other-flannel";
}
