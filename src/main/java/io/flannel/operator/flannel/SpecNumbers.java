package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.Quantity;
import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.FlannelSpec;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks the numbers of a spec. The schema checks them too, but an older schema may not have. */
final class SpecNumbers {
  /** Just above Kubernetes' largest quantity, about 2^63. */
  private static final BigDecimal MOST = new BigDecimal("1e19");

  private SpecNumbers() {}

  /**
   * Checks all numbers except durations.
   *
   * @throws IllegalArgumentException if one is out of range; the message names the field
   */
  static void check(FlannelNetworkSpec spec) {
    range("mtu", spec.mtu(), 576, 65455);
    BackendSpec.Vxlan vxlan = spec.backend().vxlan();
    if (vxlan != null) {
      range("backend.vxlan.vni", vxlan.vni(), 1, 16777215);
      range("backend.vxlan.port", vxlan.port(), 1, 65535);
    }
    BackendSpec.Wireguard wireguard = spec.backend().wireguard();
    if (wireguard != null) {
      range("backend.wireguard.port", wireguard.port(), 1, 65534);
      range("backend.wireguard.keepaliveSeconds", wireguard.keepaliveSeconds(), 0, 65535);
    }
    if (spec.health() != null) {
      range("health.failAfter", spec.health().failAfter(), 2, 100);
      range("health.port", spec.health().port(), 1, 65535);
    }
    FlannelSpec flannel = spec.flannel();
    if (flannel != null && flannel.resources() != null) {
      quantities("flannel.resources.limits", flannel.resources().limits());
      quantities("flannel.resources.requests", flannel.resources().requests());
    }
  }

  /**
   * Reads a duration.
   *
   * @throws IllegalArgumentException like {@link #check}, or if it is not a duration
   */
  static Duration range(String field, String text, Duration least, Duration most) {
    Duration value;
    try {
      value = Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("spec.%s: %s".formatted(field, e.getMessage()), e);
    }
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          "spec.%s: %s is not from %s to %s"
              .formatted(field, text, Durations.said(least), Durations.said(most)));
    }
    return value;
  }

  private static void range(String field, @Nullable Integer value, int least, int most) {
    if (value != null && (value < least || value > most)) {
      throw new IllegalArgumentException(
          "spec.%s: %d is not from %d to %d".formatted(field, value, least, most));
    }
  }

  private static void quantities(String field, @Nullable Map<String, Quantity> quantities) {
    Objects.requireNonNullElse(quantities, Map.<String, Quantity>of())
        .forEach(
            (name, quantity) -> {
              if (!isQuantity(quantity)) {
                throw new IllegalArgumentException(
                    "spec.%s.%s: '%s' is no quantity such as 100m or 50Mi"
                        .formatted(field, name, quantity));
              }
            });
  }

  private static boolean isQuantity(@Nullable Quantity quantity) {
    try {
      return quantity != null && quantity.getNumericalAmount().abs().compareTo(MOST) <= 0;
    } catch (IllegalArgumentException | ArithmeticException e) {
      return false;
    }
  }
}
