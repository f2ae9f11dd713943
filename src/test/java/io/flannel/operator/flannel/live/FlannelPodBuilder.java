package io.flannel.operator.flannel.live;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One of flannel's pods for tests: {@code podOn("n1").revision("b").gateOpen().get()}. */
public final class FlannelPodBuilder {
  private final String node;
  private String revision = "";
  private String configHash = "hash";
  private @Nullable Instant runningSince;
  private boolean gateOpen;

  private FlannelPodBuilder(String node) {
    this.node = node;
  }

  /** Starts with a pod that does not run yet. */
  public static FlannelPodBuilder podOn(String node) {
    return new FlannelPodBuilder(node);
  }

  public FlannelPodBuilder revision(String template) {
    revision = template;
    return this;
  }

  public FlannelPodBuilder configHash(String hash) {
    configHash = hash;
    return this;
  }

  public FlannelPodBuilder runningSince(@Nullable Instant time) {
    runningSince = time;
    return this;
  }

  public FlannelPodBuilder gateOpen() {
    return gateOpen(true);
  }

  public FlannelPodBuilder gateOpen(boolean open) {
    gateOpen = open;
    return this;
  }

  public FlannelPod get() {
    return new FlannelPod(
        "pod-" + node, node, revision, configHash, Optional.ofNullable(runningSince), gateOpen);
  }
}
