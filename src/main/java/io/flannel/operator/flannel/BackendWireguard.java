package io.flannel.operator.flannel;

import static java.util.Objects.requireNonNullElse;

import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.BackendType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Encrypted, in UDP (pkg/backend/wireguard). The device accepts packets only from peers whose key
 * it has, and sends by the destination address, whatever the route's next hop.
 *
 * @param port UDP port on the underlay; IPv6 peers use the next one, as with flannel's defaults
 * @param keepaliveSeconds time between keepalives in seconds; 0 for none
 * @param psk the Secret's key that holds the pre-shared key, if one is used
 */
public record BackendWireguard(int port, int keepaliveSeconds, Optional<Psk> psk)
    implements Backend {
  /** flannel's default for ListenPort. */
  private static final int DEFAULT_PORT = 51820;

  /** Our API's default for the keepalive, in seconds; flannel's own default is none. */
  private static final int DEFAULT_KEEPALIVE_SECONDS = 25;

  /**
   * Placeholder for the pre-shared key in net-conf.json. The key leaves its Secret only on the
   * node, where an init container puts it in.
   */
  public static final String PSK_PLACEHOLDER = "__WIREGUARD_PSK__";

  static BackendWireguard of(BackendSpec.@Nullable Wireguard written) {
    BackendSpec.Wireguard options =
        written == null ? new BackendSpec.Wireguard(null, null, null) : written;
    return new BackendWireguard(
        requireNonNullElse(options.port(), DEFAULT_PORT),
        requireNonNullElse(options.keepaliveSeconds(), DEFAULT_KEEPALIVE_SECONDS),
        Optional.ofNullable(options.pskSecret())
            .map(it -> new Psk(it.name(), requireNonNullElse(it.key(), "psk"))));
  }

  /** Reads the options of a net-conf.json. */
  static BackendSpec.Wireguard read(GoJson conf) {
    return new BackendSpec.Wireguard(
        conf.nonZero("ListenPort"), conf.number("PersistentKeepaliveInterval", 0), null);
  }

  @Override
  public BackendType type() {
    return BackendType.WIREGUARD;
  }

  @Override
  public Optional<String> device(Cidr.Family family) {
    return Optional.of(family == Cidr.Family.IPV4 ? "flannel-wg" : "flannel-wg-v6");
  }

  @Override
  public Optional<String> deviceNames() {
    return Optional.of("flannel-wg(-v6)?");
  }

  /** Source: pkg/backend/wireguard/device.go. */
  @Override
  public boolean removesDeviceAtExit() {
    return true;
  }

  @Override
  public int overhead() {
    return 80;
  }

  @Override
  public boolean hasMtu() {
    return true;
  }

  @Override
  public Optional<Encapsulation> encapsulation() {
    return Optional.of(Encapsulation.udp(port));
  }

  @Override
  public int udpPort(Cidr.Family family, int ofIpv4) {
    return family == Cidr.Family.IPV4 ? ofIpv4 : ofIpv4 + 1;
  }

  @Override
  public Optional<String> firewallHole() {
    return Optional.of("UDP ports %d and %d".formatted(port, port + 1));
  }

  @Override
  public Optional<String> tunnelHeader() {
    return Optional.of("WireGuard, what follows is encrypted");
  }

  @Override
  public boolean encrypts() {
    return true;
  }

  @Override
  public boolean routesWholeNetwork() {
    return true;
  }

  @Override
  public Map<String, Object> options() {
    Map<String, Object> conf = new LinkedHashMap<>();
    conf.put("ListenPort", port);
    conf.put("ListenPortV6", port + 1);
    conf.put("PersistentKeepaliveInterval", keepaliveSeconds);
    psk.ifPresent(key -> conf.put("PSK", PSK_PLACEHOLDER));
    return conf;
  }

  @Override
  public List<String> unsaid(GoJson conf, boolean ipv6) {
    List<String> unsaid = new ArrayList<>();
    if (!conf.text("PSK", "").isEmpty()) {
      unsaid.add("PSK, a key in a ConfigMap");
    }
    String mode = conf.text("Mode", "separate");
    if (!mode.equals("separate") && !mode.isEmpty()) {
      unsaid.add("Mode " + mode);
    }
    int portV6 = conf.number("ListenPortV6", DEFAULT_PORT + 1);
    if (ipv6 && portV6 != port + 1) {
      unsaid.add("ListenPortV6 %d, not ListenPort + 1".formatted(portV6));
    }
    return unsaid;
  }

  @Override
  public BackendSpec spec() {
    return new BackendSpec(
        type(),
        null,
        null,
        new BackendSpec.Wireguard(
            port,
            keepaliveSeconds,
            psk.map(it -> new BackendSpec.SecretKey(it.secret(), it.key())).orElse(null)));
  }
}
