package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.health.AgentReport.Awaited;
import io.flannel.operator.decide.health.AgentReport.Nonsense;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When reports with impossible values count as invalid, and when a node is believed again. */
class InvalidReportsTest {
  private static final String NODE = "node-1";
  private static final AgentReport GOOD =
      new TunnelScenario(2).reports().values().iterator().next();

  private final InvalidReports memory = new InvalidReports();
  private Instant now = Instant.parse("2026-11-30T10:00:00Z");

  @Test
  void oneAloneIsForgotten() {
    assertThat(judged(new Nonsense("odd"))).isEqualTo(nonsense("odd", 0));
    assertThat(judged(GOOD)).isEqualTo(GOOD);
    now = now.plusSeconds(11);
    assertThat(judged(new Nonsense("odd"))).isEqualTo(nonsense("odd", 0));
  }

  @Test
  void oneThatStaysIsHeldForAsLongAsItStays() {
    judged(new Nonsense("odd"));
    now = now.plusSeconds(600);
    assertThat(judged(new Nonsense("odd"))).isEqualTo(nonsense("odd", 600));
  }

  @Test
  void goodOnesInBetweenChangeNothing() {
    int asGood = 0;
    int goods = 0;
    for (int i = 0; i < 300; i++) {
      now = now.plusMillis(200);
      boolean bad = i % 3 == 0;
      AgentReport judged = judged(bad ? new Nonsense("odd " + i) : GOOD);
      if (200L * i > InvalidReports.STANDS_AFTER.toMillis() + 600) {
        assertThat(judged).isInstanceOf(Nonsense.class);
        assertThat(((Nonsense) judged).why()).as("words do not flap either").isEqualTo("odd 0");
      } else if (200L * i < InvalidReports.STANDS_AFTER.toMillis()) {
        goods += bad ? 0 : 1;
        asGood += judged.equals(GOOD) ? 1 : 0;
      }
    }
    assertThat(asGood).isEqualTo(goods);
  }

  @Test
  void theNodeIsBelievedAgainAfterAWhileWithoutOne() {
    for (int i = 0; i < 8; i++) {
      judged(new Nonsense("odd"));
      now = now.plusSeconds(1);
    }
    assertThat(judged(GOOD))
        .isEqualTo(new Nonsense("odd", Duration.ofSeconds(8), Optional.of(Duration.ofSeconds(10))));
    now = now.plusSeconds(10);
    assertThat(judged(GOOD)).isEqualTo(GOOD);
    assertThat(judged(new Nonsense("odd"))).isEqualTo(nonsense("odd", 0));
  }

  @Test
  void anotherNodeOfTheNameBeginsAnew() {
    for (int i = 0; i < 8; i++) {
      judged(new Nonsense("odd"));
      now = now.plusSeconds(1);
    }
    assertThat(judged(new Awaited(Duration.ZERO))).isEqualTo(new Awaited(Duration.ZERO));
    assertThat(judged(GOOD)).isEqualTo(GOOD);
    for (int i = 0; i < 8; i++) {
      judged(new Nonsense("odd"));
      now = now.plusSeconds(1);
    }
    assertThat(memory.judge(Map.of(), now)).isEmpty();
    assertThat(judged(GOOD)).isEqualTo(GOOD);
  }

  private AgentReport judged(AgentReport report) {
    return memory.judge(Map.of(NODE, report), now).get(NODE);
  }

  private static Nonsense nonsense(String why, int seconds) {
    return new Nonsense(why, Duration.ofSeconds(seconds), Optional.empty());
  }
}
