package io.flannel.operator.render;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How keys are created, kept, repaired and renewed. */
class ProbeKeySecretTest {
  private static final Instant NOW = Instant.parse("2026-11-30T08:00:00Z");

  static final NodeAgentSettings SETTINGS =
      new NodeAgentSettings(
          "flannel-operator",
          "flannel-node-agent",
          "example.org/operator:1",
          Optional.empty(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.of(
              new OwnerReferenceBuilder()
                  .withApiVersion("apps/v1")
                  .withKind("Deployment")
                  .withName("flannel-operator")
                  .withUid("1234")
                  .build()));

  private int made;

  @Test
  void aNewOneHasThreeKeysAndGoesWithTheOperator() {
    Secret secret = at(null, NOW);

    assertThat(keys(secret)).isEqualTo("current=1 next=2 previous=3");
    assertThat(secret.getType()).isEqualTo("Opaque");
    assertThat(secret.getMetadata().getName()).isEqualTo("flannel-probe-key");
    assertThat(secret.getMetadata().getNamespace()).isEqualTo("flannel-operator");
    assertThat(secret.getMetadata().getLabels()).containsEntry("flannel.io/network", "default");
    assertThat(secret.getMetadata().getAnnotations())
        .isEqualTo(Map.of("flannel.io/renewed-at", "2026-11-30T08:00:00Z"));
    assertThat(secret.getMetadata().getOwnerReferences()).hasSize(1);
  }

  @Test
  void secretStaysAsItIsForADay() {
    Secret secret = at(null, NOW);

    assertThat(ProbeKeySecret.holds(secret, at(secret, NOW.plus(Duration.ofHours(23))))).isTrue();
    assertThat(made).isEqualTo(3);
  }

  @Test
  void keysMoveOnByAPlaceOnceADay() {
    Secret secret = at(null, NOW);
    Instant tomorrow = NOW.plus(Duration.ofHours(24));
    Secret renewed = at(secret, tomorrow);

    assertThat(keys(renewed)).isEqualTo("current=2 next=4 previous=1");
    assertThat(ProbeKeySecret.holds(secret, renewed)).isFalse();
    assertThat(ProbeKeySecret.holds(renewed, at(renewed, tomorrow.plusSeconds(1)))).isTrue();
    // After a week without an operator there is one renewal: agents know only one next key.
    Secret late = at(renewed, tomorrow.plus(Duration.ofDays(7)));
    assertThat(keys(late)).isEqualTo("current=4 next=5 previous=2");
  }

  @Test
  void requestedRenewalComesOnceAllAgentsKnowTheNextKey() {
    Secret secret = asking(at(null, NOW), "1");

    assertThat(ProbeKeySecret.holds(secret, at(secret, NOW.plusSeconds(599)))).isTrue();
    Secret renewed = asking(at(secret, NOW.plusSeconds(600)), "1");
    assertThat(keys(renewed)).isEqualTo("current=2 next=4 previous=1");
    assertThat(ProbeKeySecret.holds(renewed, at(renewed, NOW.plusSeconds(6000)))).isTrue();
    Secret again = at(asking(renewed, "2"), NOW.plusSeconds(1200));
    assertThat(keys(again)).isEqualTo("current=4 next=5 previous=2");
  }

  @Test
  void invalidKeyIsMadeAnewAndTheOthersStay() {
    Secret secret = at(null, NOW);

    assertThat(keys(at(without(secret, "previous"), NOW))).isEqualTo("current=1 next=2 previous=4");
    assertThat(keys(at(without(secret, "next"), NOW))).isEqualTo("current=1 next=5 previous=3");
    // The next key takes its place, since all agents have it.
    assertThat(keys(at(without(secret, "current"), NOW))).isEqualTo("current=2 next=6 previous=3");
    assertThat(keys(at(with(secret, "next", key(1)), NOW)))
        .isEqualTo("current=1 next=7 previous=3");
    assertThat(keys(at(new SecretBuilder(secret).withData(Map.of()).build(), NOW)))
        .isEqualTo("current=8 next=9 previous=10");
    assertThat(keys(at(without(without(secret, "current"), "next"), NOW)))
        .isEqualTo("current=3 next=11 previous=3");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "AAAA", "no base64!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "++"})
  void garbageIsNoKey(String garbage) {
    Secret secret = at(null, NOW);
    Secret edited = new SecretBuilder(secret).addToData("current", garbage).build();

    Secret mended = at(edited, NOW);
    assertThat(keys(mended)).isEqualTo("current=2 next=4 previous=3");
    assertThat(ProbeKeySecret.holds(edited, mended)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "yesterday", "2036-01-01T00:00:00Z", "-999999999-01-01T00:00:00Z"})
  void aTimeThatCannotBeEndsInOneThatCan(String time) {
    Secret secret =
        new SecretBuilder(at(null, NOW))
            .editMetadata()
            .addToAnnotations("flannel.io/renewed-at", time)
            .endMetadata()
            .build();

    Secret mended = at(secret, NOW);
    assertThat(mended.getMetadata().getAnnotations())
        .containsEntry("flannel.io/renewed-at", "2026-11-30T08:00:00Z");
  }

  @Test
  void aChangedLabelOwnerOrTypeIsNoticed() {
    Secret secret = at(null, NOW);
    assertThat(
            List.of(
                new SecretBuilder(secret).withType("example.org/mine").build(),
                new SecretBuilder(secret).withImmutable(true).build(),
                new SecretBuilder(secret).editMetadata().withLabels(Map.of()).endMetadata().build(),
                new SecretBuilder(secret)
                    .editMetadata()
                    .withOwnerReferences(List.of())
                    .endMetadata()
                    .build()))
        .noneMatch(edited -> ProbeKeySecret.holds(edited, at(edited, NOW)));
    // What others add stays.
    Secret labelled =
        new SecretBuilder(secret)
            .editMetadata()
            .addToLabels("example.org/mine", "label")
            .endMetadata()
            .addToData("mine", "AAAA")
            .build();
    assertThat(ProbeKeySecret.holds(labelled, at(labelled, NOW))).isTrue();
  }

  private Secret at(Secret live, Instant now) {
    return ProbeKeySecret.render(network(), SETTINGS, live, now, () -> key(++made));
  }

  private static DesiredNetwork network() {
    return Networks.vxlan("10.244.0.0/16");
  }

  private static byte[] key(int number) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) number);
    return key;
  }

  private static String keys(Secret secret) {
    StringBuilder keys = new StringBuilder();
    for (String entry : List.of("current", "next", "previous")) {
      byte[] key = Base64.getDecoder().decode(secret.getData().get(entry));
      assertThat(key).isEqualTo(key(key[0]));
      keys.append(' ').append(entry).append('=').append(key[0]);
    }
    return keys.substring(1);
  }

  private static Secret asking(Secret secret, String value) {
    return new SecretBuilder(secret)
        .editMetadata()
        .addToAnnotations("flannel.io/renew", value)
        .endMetadata()
        .build();
  }

  private static Secret without(Secret secret, String entry) {
    return new SecretBuilder(secret).removeFromData(entry).build();
  }

  private static Secret with(Secret secret, String entry, byte[] key) {
    return new SecretBuilder(secret)
        .addToData(entry, Base64.getEncoder().encodeToString(key))
        .build();
  }
}
