package io.flannel.operator.agent;

import io.flannel.operator.flannel.ProbeKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The network's keys that this agent has.
 *
 * @param signing the key to sign with; empty if there is none
 * @param accepted the keys that a peer may sign with, including {@code signing}
 */
record ProbeKeys(Optional<NetworkKey> signing, List<NetworkKey> accepted) {
  static final ProbeKeys NONE = new ProbeKeys(Optional.empty(), List.of());

  /**
   * Reads the files that kubelet makes of the Secret; skips one that is missing or not exactly as
   * long as a key. The signing key is the current one; without it, the next one, which all other
   * agents have, too; without either, the previous one.
   */
  static ProbeKeys in(Path directory) {
    List<NetworkKey> accepted = new ArrayList<>(3);
    for (String entry : List.of(ProbeKey.CURRENT, ProbeKey.NEXT, ProbeKey.PREVIOUS)) {
      read(directory.resolve(entry))
          .filter(key -> !accepted.contains(key))
          .ifPresent(accepted::add);
    }
    return accepted.isEmpty() ? NONE : new ProbeKeys(Optional.of(accepted.getFirst()), accepted);
  }

  private static Optional<NetworkKey> read(Path file) {
    try {
      if (Files.size(file) != ProbeKey.BYTES) {
        return Optional.empty();
      }
      byte[] bytes = Files.readAllBytes(file);
      return bytes.length == ProbeKey.BYTES ? Optional.of(new NetworkKey(bytes)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
