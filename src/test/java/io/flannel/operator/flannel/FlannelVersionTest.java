package io.flannel.operator.flannel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlannelVersionTest {
  @ParameterizedTest
  @CsvSource({
    "docker.io/flannel/flannel:v0.25.7, false, false",
    "ghcr.io/flannel-io/flannel:v0.28.5, false, false",
    "ghcr.io/flannel-io/flannel:v0.28.6, true, false",
    "ghcr.io/flannel-io/flannel:v0.28.9-amd64, true, true",
    "ghcr.io/flannel-io/flannel:v0.28.10, true, true",
    "registry.example.org:5000/flannel:0.27.4@sha256:abc, false, false",
    "registry.example.org:5000/flannel, true, true",
    "registry.example.org/flannel@sha256:abc, true, true",
    "registry.example.org/flannel:ours, true, true",
    "registry.example.org/flannel:v1.0.0, true, true"
  })
  void whatAnImageHas(String image, boolean installConf, boolean readyz) {
    assertThat(FlannelVersion.of(image).hasInstallConf()).isEqualTo(installConf);
    assertThat(FlannelVersion.of(image).hasReadyz()).isEqualTo(readyz);
  }
}
