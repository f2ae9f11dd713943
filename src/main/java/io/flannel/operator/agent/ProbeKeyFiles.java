package io.flannel.operator.agent;

import io.flannel.operator.flannel.ProbeKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The network's keys as kubelet has put them on the agent's file system, where it changes them some
 * time after the Secret has changed. They are looked at now and then: three small files.
 */
final class ProbeKeyFiles {
  private static final long BETWEEN_LOOKS = Duration.ofSeconds(5).toNanos();

  private final Path directory;
  private final Consumer<ProbeKeys> onChange;
  private ProbeKeys known = ProbeKeys.NONE;
  private boolean looked;
  private long lookAgainAt;

  /**
   * @param onChange is given the keys that there are, the first time and whenever they changed
   */
  ProbeKeyFiles(Path directory, Consumer<ProbeKeys> onChange) {
    this.directory = directory;
    this.onChange = onChange;
  }

  /** Looks whether they changed, if the last look is some time ago. */
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
