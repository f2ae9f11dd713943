package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Quantity;
import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.CniSpec;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.FlannelNetworkSpec.DeletionPolicy;
import io.flannel.operator.api.FlannelSpec;
import io.flannel.operator.api.FlannelSpec.TolerationSpec;
import io.flannel.operator.api.HealthSpec;
import io.flannel.operator.api.InterfaceSpec;
import io.flannel.operator.api.RolloutSpec;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.jspecify.annotations.Nullable;

/** Specs that the schema admits. Each optional field is left out of some of them. */
public final class Specs {
  private static final double LEFT_OUT = 0.3;

  private Specs() {}

  public static Arbitrary<DesiredNetwork> networks() {
    return specs().map(spec -> DesiredNetwork.of("default", spec));
  }

  public static Arbitrary<FlannelNetworkSpec> specs() {
    return Arbitraries.of(BackendType.values())
        .flatMap(
            type ->
                Arbitraries.integers()
                    .between(type == BackendType.IPIP ? 2 : 0, 2)
                    .flatMap(families -> specs(type, families != 1, families != 2)))
        .withoutEdgeCases();
  }

  /** At least one of v4 and v6 is true. */
  private static Arbitrary<FlannelNetworkSpec> specs(BackendType type, boolean v4, boolean v6) {
    return Combinators.combine(
            backends(type),
            v4 ? ranges(Cidr.Family.IPV4, 8, 29) : Arbitraries.<String>just(null),
            v6 ? ranges(Cidr.Family.IPV6, 8, 125) : Arbitraries.<String>just(null),
            orNull(Arbitraries.integers().between(v6 ? 1280 : 576, 65455)),
            orNull(interfaces()),
            Combinators.combine(bools(), bools(), bools()).as(List::of),
            orNull(
                Combinators.combine(
                        orNull(Arbitraries.of("0.3.1", "0.4.0", "1.0.0", "1.1.0")),
                        orNull(Arbitraries.of("/opt/cni/bin", "/usr/lib/cni", "/a b/c")),
                        orNull(Arbitraries.of("/etc/cni/net.d", "/var/lib/k3s/net.d")))
                    .as(CniSpec::new)),
            Combinators.combine(orNull(flannels()), orNull(rollouts())).as(Pair::new))
        .as(
            (backend, cidr, ipv6, mtu, iface, flags, cni, pods) ->
                new FlannelNetworkSpec(
                    cidr,
                    ipv6,
                    backend,
                    mtu,
                    iface,
                    flags.get(0),
                    flags.get(1),
                    cni,
                    pods.flannel(),
                    new HealthSpec(true, "2s", 3, 9473),
                    pods.rollout(),
                    DeletionPolicy.RETAIN,
                    flags.get(2)));
  }

  private record Pair(@Nullable FlannelSpec flannel, @Nullable RolloutSpec rollout) {}

  static Arbitrary<String> ranges(Cidr.Family family, int narrowest, int widest) {
    BigInteger first = family == Cidr.Family.IPV4 ? BigInteger.TEN : BigInteger.valueOf(0xfd);
    return Combinators.combine(
            Arbitraries.bigIntegers()
                .between(BigInteger.ZERO, BigInteger.ONE.shiftLeft(family.bits() - 8)),
            Arbitraries.integers().between(narrowest, widest))
        .as(
            (rest, prefix) ->
                new Cidr(family, first.shiftLeft(family.bits() - 8).or(rest), prefix).toString());
  }

  private static Arbitrary<BackendSpec> backends(BackendType type) {
    boolean tunnels = type == BackendType.VXLAN || type == BackendType.IPIP;
    return Combinators.combine(
            tunnels ? orNull(bools()) : Arbitraries.<Boolean>just(null),
            type == BackendType.VXLAN
                ? orNull(vxlans())
                : Arbitraries.<BackendSpec.Vxlan>just(null),
            type == BackendType.WIREGUARD
                ? orNull(wireguards())
                : Arbitraries.<BackendSpec.Wireguard>just(null))
        .as((direct, vxlan, wireguard) -> new BackendSpec(type, direct, vxlan, wireguard));
  }

  private static Arbitrary<BackendSpec.Vxlan> vxlans() {
    return Combinators.combine(
            orNull(Arbitraries.integers().between(1, 16777215)),
            orNull(Arbitraries.integers().between(1, 65535)),
            orNull(bools()))
        .as(BackendSpec.Vxlan::new);
  }

  private static Arbitrary<BackendSpec.Wireguard> wireguards() {
    return Combinators.combine(
            orNull(Arbitraries.integers().between(1, 65534)),
            orNull(Arbitraries.integers().between(0, 65535)),
            orNull(Combinators.combine(names(), orNull(names())).as(BackendSpec.SecretKey::new)))
        .as(BackendSpec.Wireguard::new);
  }

  private static Arbitrary<InterfaceSpec> interfaces() {
    return Arbitraries.of(
        new InterfaceSpec("eth1", null, null),
        new InterfaceSpec("192.168.0.81", null, null),
        new InterfaceSpec(null, "^(eth|ens)[0-9]+$", null),
        new InterfaceSpec(null, null, "192.168.0.1"),
        new InterfaceSpec(null, null, "fd00::1"));
  }

  private static Arbitrary<FlannelSpec> flannels() {
    return Combinators.combine(
            orNull(Arbitraries.of("registry.example:5000/flannel", "f@sha256:00", "flannel:v1")),
            orNull(Arbitraries.of("registry.example/cni:v1")),
            orNull(Arbitraries.of(FlannelSpec.ImagePullPolicy.values())),
            orNull(names().map(FlannelSpec.PullSecret::new).list().uniqueElements().ofMaxSize(3)),
            orNull(
                Combinators.combine(orNull(quantities()), orNull(quantities()))
                    .as(FlannelSpec.Resources::new)),
            orNull(tolerations().list().ofMaxSize(3)),
            orNull(Arbitraries.maps(names(), names()).ofMaxSize(3)),
            orNull(
                Arbitraries.of("--iptables-resync=30", "-v=4", "--v", "--public-ip=10.0.0.1", "-x")
                    .list()
                    .uniqueElements()
                    .ofMaxSize(4)))
        .as(FlannelSpec::new);
  }

  private static Arbitrary<Map<String, Quantity>> quantities() {
    return Arbitraries.maps(
        Arbitraries.of("cpu", "memory", "ephemeral-storage"),
        Arbitraries.of(new Quantity("1"), new Quantity("100m"), new Quantity("50Mi")));
  }

  private static Arbitrary<TolerationSpec> tolerations() {
    Arbitrary<TolerationSpec> equal =
        Combinators.combine(
                names(),
                orNull(Arbitraries.of(TolerationSpec.Operator.EQUAL)),
                orNull(Arbitraries.of("", "infra", "gpu")),
                orNull(Arbitraries.of(TolerationSpec.Effect.values())))
            .as(
                (key, operator, value, effect) ->
                    new TolerationSpec(key, operator, value, effect, null));
    Arbitrary<TolerationSpec> exists =
        Combinators.combine(
                orNull(Arbitraries.oneOf(names(), Arbitraries.just(""))),
                orNull(Arbitraries.longs().between(0, 3600)))
            .as(
                (key, seconds) ->
                    new TolerationSpec(
                        key,
                        TolerationSpec.Operator.EXISTS,
                        null,
                        TolerationSpec.Effect.NO_EXECUTE,
                        seconds));
    return Arbitraries.oneOf(equal, exists);
  }

  private static Arbitrary<RolloutSpec> rollouts() {
    return Combinators.combine(
            orNull(
                Arbitraries.oneOf(
                    Arbitraries.integers().between(1, 5000).map(IntOrString::new),
                    Arbitraries.integers().between(1, 100).map(n -> new IntOrString(n + "%")))),
            orNull(Arbitraries.of("30s", "10m", "1h30m", "1.5h", "24h", "90000ms")),
            orNull(Arbitraries.of(RolloutSpec.OnFailure.values())),
            orNull(Arbitraries.of(RolloutSpec.Disruption.values())))
        .as(RolloutSpec::new);
  }

  private static Arbitrary<String> names() {
    return Arbitraries.strings().withCharRange('a', 'z').ofMinLength(1).ofMaxLength(20);
  }

  private static Arbitrary<Boolean> bools() {
    return Arbitraries.of(true, false);
  }

  private static <T> Arbitrary<T> orNull(Arbitrary<T> some) {
    return some.injectNull(LEFT_OUT);
  }
}
