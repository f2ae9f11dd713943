package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.ipip;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.Difference;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.decide.SaidTime;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class WithinBoundsTest {
  private static final String TIME = "2026-11-23T10:00:00Z";

  @Test
  void wordsThatAreTooLongAreCut() {
    assertThat(WithinBounds.of(new Difference("f", "a".repeat(1025), "b".repeat(1024))))
        .isEqualTo(new Difference("f", "a".repeat(1023) + "…", "b".repeat(1024)));
  }

  @Test
  void noCharacterIsCutInTwo() {
    String shortened = WithinBounds.of(new Difference("f", "😀".repeat(513), null)).from();
    assertThat(shortened).isEqualTo("😀".repeat(511) + "…");
  }

  @Test
  void listsThatAreTooLongKeepTheirFirstElements() {
    Problem fit =
        WithinBounds.of(
            new Problem("R", "m", Collections.nCopies(51, "n".repeat(254)), TIME, null));
    assertThat(fit.nodes()).hasSize(Bounds.NAMED_NODES).allMatch(name -> name.length() == 253);
  }

  @Test
  void whatHasAnotherFormAndNumbersThatAreTooLargeAreLeftOut() {
    assertThat(WithinBounds.of(new Problem("R", "m", List.of(), "yesterday", "r")).since())
        .isNull();
    Applied applied =
        new Applied(null, null, "x".repeat(50), "nowhere", Integer.MAX_VALUE, "h", null);
    assertThat(WithinBounds.of(applied))
        .isEqualTo(new Applied(null, null, null, null, null, "h", null));
    assertThat(WithinBounds.of(new Applied(null, null, null, null, -14, null, null)).mtu())
        .isNull();
  }

  @Test
  void lastPossibleValuesFit() {
    String longest = "0000:0000:0000:0000:0000:fffe:255.255.255.255/128";
    assertThat(longest).hasSize(Bounds.CIDR);
    for (int mtu : new int[] {0, Bounds.LARGEST_MTU}) {
      Applied applied = new Applied(null, null, null, longest, mtu, "h".repeat(64), null);
      assertThat(WithinBounds.of(applied)).isSameAs(applied);
    }
  }

  @Test
  void statusThatFitsIsTheSame() {
    StatusScenario life = StatusScenario.running(ipip("10.244.0.0/16"));
    assertThat(WithinBounds.of(life.status())).isSameAs(life.status());
  }

  @Test
  void whatANodePublishesIsCut() {
    var life = new StatusScenario(ipip("10.244.0.0/16"));
    life.nodes(StatusScenario.leased(1, "b".repeat(200_000))).report();
    assertThat(life.status().nodes())
        .singleElement()
        .extracting(NodeStatus::backend)
        .isEqualTo("b".repeat(63) + "…");
  }

  @Test
  void aTimeThatSomebodyWroteIntoTheStatusIsForgotten() {
    assertThat(SaidTime.orElse("2026-02-30T00:00:00Z", StatusScenario.BEGIN)).isEqualTo(TIME);
    assertThat(SaidTime.orElse("+12026-01-01T00:00:00Z", StatusScenario.BEGIN)).isEqualTo(TIME);
    assertThat(SaidTime.orElse(null, StatusScenario.BEGIN)).isEqualTo(TIME);
    assertThat(SaidTime.orElse("2025-01-01T00:00:00Z", StatusScenario.BEGIN))
        .isEqualTo("2025-01-01T00:00:00Z");
  }
}
