package io.flannel.operator.agent;

import io.flannel.operator.flannel.ProbeKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The network's keys as kubelet mounts them from the Secret. kubelet updates the files some time
 * after the Secret changes, so they are polled: three small files.
 */
final class ProbeKeyFiles {
  private static final long BETWEEN_LOOKS = Duration.ofSeconds(5).toNanos();

  private final Path directory;
  private final Consumer<ProbeKeys> onChange;
  private ProbeKeys known = ProbeKeys.NONE;
  private boolean looked;
  private long lookAgainAt;

  /**
   * @param onChange called with the current keys, the first time and after each change
   */
  ProbeKeyFiles(Path directory, Consumer<ProbeKeys> onChange) {
    this.directory = directory;
    this.onChange = onChange;
  }

  /** Checks whether the keys changed, unless the last check is very recent. */
  void look(long now) {
    if (looked && lookAgainAt - now > 0) {
      return;
    }
    lookAgainAt = now + BETWEEN_LOOKS;
    ProbeKeys there = ProbeKeys.in(directory);
    if (looked && there.equals(known)) {
      return;
    }
    boolean signed = known.signing().isPresent();
    boolean signs = there.signing().isPresent();
    if (signs && !signed) {
      Log.info(ProbeKeyFiles.class, "requests are signed with the network's key");
    }
    if (!signs && (signed || !looked)) {
      Log.warn(
          ProbeKeyFiles.class,
          ("there is no key in %s: requests are not signed, and whoever sends in a peer's name can"
                  + " keep its own from being answered. The operator makes the Secret %s, and"
                  + " kubelet brings it here within some minutes")
              .formatted(directory, ProbeKey.SECRET));
    }
    looked = true;
    known = there;
    onChange.accept(there);
  }
}
