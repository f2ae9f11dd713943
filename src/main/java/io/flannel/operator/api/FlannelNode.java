package io.flannel.operator.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/**
 * One node's part of the overlay, named after its Node and owned by it: {@code spec} is what the
 * operator says the node should have, {@code status} what the node's agent saw. Cluster-scoped.
 */
@Group(FlannelNetwork.GROUP)
@Version(FlannelNetwork.VERSION)
@Categories("flannel")
@ShortNames("fnode")
@AdditionalPrinterColumn(
    name = "Network",
    jsonPath = ".spec.network",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Subnet",
    jsonPath = ".spec.subnet",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Device",
    jsonPath = ".status.device.name",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "MTU",
    jsonPath = ".status.device.mtu",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Reported",
    jsonPath = ".status.reportedAt",
    type = AdditionalPrinterColumn.Type.DATE)
public class FlannelNode extends CustomResource<FlannelNodeSpec, FlannelNodeStatus> {}
