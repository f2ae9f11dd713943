package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class NetworkClaimTest {
  private static final String ACCEPTED =
      "{type: Accepted, status: 'True', reason: Accepted, message: m, lastTransitionTime: t}";
  private static final String REFUSED =
      "{type: Accepted, status: 'False', reason: ForeignFlannel, message: m, lastTransitionTime: t}";
  private static final String PAUSED =
      "{type: Ready, status: 'False', reason: Paused, message: m, lastTransitionTime: t}";
  private static final String WAITING =
      "{type: Ready, status: 'False', reason: WaitingForNodeTasks, message: m, lastTransitionTime: t}";
  private static final String INSTALLING =
      "{type: Ready, status: 'False', reason: Installing, message: m, lastTransitionTime: t}";

  @Test
  void whatWasAcceptedIsInForceUnlessItIsPausedFromTheBeginning() {
    assertThat(claim("", "").accepted()).isFalse();
    assertThat(claim("", "status: {conditions: [" + REFUSED + "]}").accepted()).isFalse();
    assertThat(claim("", "status: {conditions: [" + ACCEPTED + ", " + INSTALLING + "]}").accepted())
        .isTrue();
    assertThat(claim("", "status: {conditions: [" + ACCEPTED + ", " + PAUSED + "]}").accepted())
        .isFalse();
    assertThat(claim("", "status: {conditions: [" + ACCEPTED + ", " + WAITING + "]}").accepted())
        .as("another flannel may come before it is written")
        .isFalse();
    assertThat(
            claim(
                    "",
                    "status: {applied: {backend: ipip}, conditions: ["
                        + ACCEPTED
                        + ", "
                        + PAUSED
                        + "]}")
                .accepted())
        .isTrue();
    assertThat(
            claim("", "status: {applied: {backend: ipip}, conditions: [" + REFUSED + "]}")
                .accepted())
        .as("refused for another change")
        .isTrue();
  }

  @Test
  void onlyTrueConfirms() {
    assertThat(claim("", "").confirmed()).isFalse();
    assertThat(claim("true", "").confirmed()).isTrue();
    for (String other : new String[] {"True", "yes", "1", "false"}) {
      assertThat(claim(other, "").confirmed()).as(other).isFalse();
    }
    assertThat(claim("true", ""))
        .isEqualTo(new NetworkRef("default", Instant.parse("2026-11-01T12:00:00Z"), false, true));
  }

  private static NetworkRef claim(String confirmation, String status) {
    String yaml =
        """
        apiVersion: flannel.io/v1alpha1
        kind: FlannelNetwork
        metadata:
          name: default
          creationTimestamp: "2026-11-01T12:00:00Z"
        """
            + (confirmation.isEmpty()
                ? ""
                : "  annotations: {flannel.io/confirm-no-other-flannel: '%s'}%n"
                    .formatted(confirmation))
            + status
            + "\n";
    return NetworkClaim.of(Serialization.unmarshal(yaml, FlannelNetwork.class));
  }
}
