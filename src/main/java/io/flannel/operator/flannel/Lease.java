package io.flannel.operator.flannel;

import static java.util.Locale.ROOT;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.flannel.operator.api.Bounds;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What flanneld published about a node in the Node's annotations (pkg/subnet/kube/kube.go).
 *
 * @param backendType {@code backend-type} as written, which may name a backend that we don't know
 * @param publicIp {@code public-ip}: where peers send IPv4 packets. Without IPv4, flannel writes
 *     0.0.0.0 there for every backend but vxlan; that reads as none
 * @param publicIpv6 {@code public-ipv6}: where peers send IPv6 packets
 * @param vni vxlan's network identifier, from {@code backend-data}
 * @param vtepMac MAC address of the vxlan device in lower case, from {@code backend-data}
 * @param vtepMacV6 MAC address of the vxlan device for IPv6, from {@code backend-v6-data}
 */
public record Lease(
    String backendType,
    Optional<Cidr> publicIp,
    Optional<Cidr> publicIpv6,
    OptionalInt vni,
    Optional<String> vtepMac,
    Optional<String> vtepMacV6) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern MAC = Pattern.compile("([0-9a-f]{2}:){5}[0-9a-f]{2}");

  /** The node's lease; empty until flanneld has registered the node. */
  public static Optional<Lease> of(ClusterNode node) {
    var annotations = node.flannel();
    if (!"true".equals(annotations.get("kube-subnet-manager"))) {
      return Optional.empty();
    }
    return Optional.ofNullable(annotations.get("backend-type"))
        .map(
            type ->
                new Lease(
                    PrintableText.shortened(type, Bounds.SHORT_TEXT),
                    address(annotations.get("public-ip"), Cidr.Family.IPV4),
                    address(annotations.get("public-ipv6"), Cidr.Family.IPV6),
                    vni(annotations.get("backend-data")),
                    vtepMac(annotations.get("backend-data")),
                    vtepMac(annotations.get("backend-v6-data"))));
  }

  /** The address that peers send packets of a family to. */
  public Optional<Cidr> publicIp(Cidr.Family family) {
    return family == Cidr.Family.IPV4 ? publicIp : publicIpv6;
  }

  /** The MAC address of the vxlan device for packets of a family, if the node published one. */
  public Optional<String> vtepMac(Cidr.Family family) {
    return family == Cidr.Family.IPV4 ? vtepMac : vtepMacV6;
  }

  /** The address that peers send to: the IPv4 one if there is one, otherwise the IPv6 one. */
  public Optional<Cidr> underlay() {
    return publicIp.or(() -> publicIpv6);
  }

  /** Reads an address; one of another family is none, as in flannel (pkg/subnet/kube/kube.go). */
  private static Optional<Cidr> address(@Nullable String text, Cidr.Family family) {
    return text == null
        ? Optional.empty()
        : Cidr.tryAddress(text).filter(ip -> ip.family() == family && ip.network().signum() != 0);
  }

  private static OptionalInt vni(@Nullable String backendData) {
    JsonNode vni = data(backendData).path("VNI");
    return vni.isInt() ? OptionalInt.of(vni.asInt()) : OptionalInt.empty();
  }

  private static Optional<String> vtepMac(@Nullable String backendData) {
    return Optional.of(data(backendData).path("VtepMAC").asText("").toLowerCase(ROOT))
        .filter(mac -> MAC.matcher(mac).matches());
  }

  /** Reads {@code {"VNI":1,"VtepMAC":"12:c6:65:89:b4:e3"}}; other backends write something else. */
  private static JsonNode data(@Nullable String backendData) {
    try {
      return backendData == null ? MissingNode.getInstance() : JSON.readTree(backendData);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
