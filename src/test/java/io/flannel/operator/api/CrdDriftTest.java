package io.flannel.operator.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The committed CRDs and API reference are what the Java types generate. */
class CrdDriftTest {
  @Test
  void theCommittedCrdsAreThoseOfTheJavaTypes() throws IOException {
    Map<String, String> committed = new TreeMap<>();
    try (var files = Files.list(CrdGeneration.COMMITTED)) {
      for (var file : files.toList()) {
        committed.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    assertThat(committed)
        .as("run `make crds` and commit what it writes")
        .isEqualTo(CrdGeneration.generate());
  }

  @Test
  void theCommittedReferenceIsThatOfTheCrds() throws IOException {
    assertThat(Files.readString(ApiReference.COMMITTED))
        .as("run `make crds` and commit what it writes")
        .isEqualTo(ApiReference.of(CrdGeneration.generate().values()));
  }
}
