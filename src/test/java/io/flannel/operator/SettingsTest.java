package io.flannel.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.reconcile.AgentProperties;
import io.flannel.operator.reconcile.LeaseProperties;
import io.flannel.operator.web.ViewerSettings;
import io.flannel.operator.web.metricsserver.MetricsSettings;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The settings that the Helm chart passes as environment variables, over application.properties.
 */
class SettingsTest {
  @Test
  void theAgents() {
    AgentProperties none = read(AgentProperties.class, Map.of());
    assertThat(none.namespace()).isEqualTo("default");
    assertThat(none.serviceAccount()).isEqualTo("flannel-node-agent");
    assertThat(none.image()).isEqualTo("ghcr.io/flannel-operator/flannel-operator:1");
    assertThat(none.imagePullPolicy()).isEmpty();
    assertThat(none.imagePullSecrets()).isEmpty();
    AgentProperties set =
        read(
            AgentProperties.class,
            Map.of(
                "POD_NAMESPACE", "flannel-system",
                "FLANNEL_AGENT_IMAGE", "example.org/agent:2",
                "FLANNEL_AGENT_IMAGE_PULL_POLICY", "Always",
                "FLANNEL_AGENT_IMAGE_PULL_SECRETS", "one,two",
                "FLANNEL_AGENT_API_SERVER_HOST", "192.168.0.80",
                "FLANNEL_AGENT_API_SERVER_PORT", ""));
    assertThat(set.namespace()).isEqualTo("flannel-system");
    assertThat(set.image()).isEqualTo("example.org/agent:2");
    assertThat(set.imagePullPolicy()).contains("Always");
    assertThat(set.imagePullSecrets().orElseThrow()).containsExactly("one", "two");
    assertThat(set.apiServerHost()).contains("192.168.0.80");
    assertThat(set.apiServerPort()).isEmpty();
  }

  @Test
  void theLease() {
    LeaseProperties lease =
        read(LeaseProperties.class, Map.of("FLANNEL_LEADER_ELECTION_RETRY_PERIOD", "3s"));
    assertThat(lease.lease()).isEqualTo("flannel-operator");
    assertThat(lease.namespace()).isEqualTo("default");
    assertThat(lease.leaseDuration()).isEqualTo(Duration.ofSeconds(15));
    assertThat(lease.renewDeadline()).isEqualTo(Duration.ofSeconds(10));
    assertThat(lease.retryPeriod()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void theServers() {
    assertThat(read(MetricsSettings.class, Map.of()).host()).isEmpty();
    MetricsSettings metrics =
        read(
            MetricsSettings.class,
            Map.of(
                "FLANNEL_METRICS_HOST", "10.0.0.1",
                "FLANNEL_METRICS_PORT", "18445",
                "FLANNEL_METRICS_TLS_DIRECTORY", "/tls"));
    assertThat(metrics.host()).contains("10.0.0.1");
    assertThat(metrics.port()).isEqualTo(18_445);
    assertThat(metrics.tlsDirectory()).contains(Path.of("/tls"));
    assertThat(read(ViewerSettings.class, Map.of()).host()).isEmpty();
    ViewerSettings viewer =
        read(
            ViewerSettings.class,
            Map.of("FLANNEL_VIEWER_HOST", "10.0.0.1", "FLANNEL_VIEWER_SERVICE_ACCOUNT", "viewer"));
    assertThat(viewer.host()).contains("10.0.0.1");
    assertThat(viewer.port()).isEqualTo(18_444);
    assertThat(viewer.serviceAccount()).isEqualTo("viewer");
    assertThat(viewer.namespace()).isEqualTo("default");
  }

  private static <T> T read(Class<T> settings, Map<String, String> environment) {
    try {
      return new SmallRyeConfigBuilder()
          .addDefaultInterceptors()
          .addDiscoveredConverters()
          .withSources(
              new EnvConfigSource(environment, 300),
              new PropertiesConfigSource(
                  SettingsTest.class.getResource("/application.properties"), 100))
          .withDefaultValue("quarkus.application.version", "1")
          .withMapping(settings)
          .build()
          .getConfigMapping(settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
