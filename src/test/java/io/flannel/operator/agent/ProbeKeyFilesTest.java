package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the key files as kubelet creates and changes them. */
class ProbeKeyFilesTest {
  @TempDir Path directory;

  private final List<ProbeKeys> given = new ArrayList<>();
  private long now = -3;

  @Test
  void keyFilesAreTakenWhenTheyComeChangeAndGo() throws IOException {
    ProbeKeyFiles files = new ProbeKeyFiles(directory, given::add);
    look(files);
    assertThat(given).containsExactly(ProbeKeys.NONE);

    write("current", 1);
    write("next", 2);
    write("previous", 3);
    look(files);
    look(files);
    assertThat(given).hasSize(2);
    assertThat(given.getLast().signing()).contains(key(1));
    assertThat(given.getLast().accepted()).containsExactly(key(1), key(2), key(3));

    write("current", 2);
    write("next", 4);
    write("previous", 1);
    look(files);
    assertThat(given.getLast().signing()).contains(key(2));
    assertThat(given.getLast().accepted()).containsExactly(key(2), key(4), key(1));

    Files.delete(directory.resolve("current"));
    look(files);
    assertThat(given.getLast().signing()).as("what all others have, too").contains(key(4));

    Files.delete(directory.resolve("next"));
    Files.delete(directory.resolve("previous"));
    look(files);
    assertThat(given.getLast()).isEqualTo(ProbeKeys.NONE);
  }

  @Test
  void invalidKeyIsLeftOut() throws IOException {
    Files.write(directory.resolve("current"), new byte[31]);
    Files.createDirectory(directory.resolve("next"));
    Files.write(directory.resolve("previous"), new byte[1 << 20]);
    assertThat(ProbeKeys.in(directory)).isEqualTo(ProbeKeys.NONE);
    assertThat(ProbeKeys.in(directory.resolve("none"))).isEqualTo(ProbeKeys.NONE);

    write("previous", 7);
    assertThat(ProbeKeys.in(directory).accepted()).containsExactly(key(7));
  }

  @Test
  void noKeyIsEverPrinted() throws IOException {
    write("current", 1);
    assertThat(ProbeKeys.in(directory))
        .hasToString("ProbeKeys[signing=Optional[a key], accepted=[a key]]");
    assertThat(PairKey.of(key(1), "a", "b")).hasToString("PairKey[tags=SipHash, masks=SipHash]");
  }

  private void look(ProbeKeyFiles files) {
    now += Duration.ofSeconds(10).toNanos();
    files.look(now);
  }

  private void write(String entry, int seed) throws IOException {
    Files.write(directory.resolve(entry), key(seed).bytes());
  }

  private static NetworkKey key(int seed) {
    return PeerSignatureTest.key(seed);
  }
}
