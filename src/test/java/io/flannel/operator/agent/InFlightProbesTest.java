package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.agent.InFlightProbes.Answered;
import io.flannel.operator.agent.InFlightProbes.Sent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class InFlightProbesTest {
  private static final long TIMEOUT = 10;
  private static final long LATEST = 30;

  private final InFlightProbes<String> probes = new InFlightProbes<>();
  private final List<Sent<String>> lost = new ArrayList<>();

  /** Holds wherever the clock starts, even if it wraps in between. */
  @Property
  void anAnswerIsInTimeOrLateOrTooLate(@ForAll long begin) {
    InFlightProbes<String> probes = new InFlightProbes<>();
    List<Sent<String>> lost = new ArrayList<>();
    probes.add(1, sent("a", begin));
    probes.add(2, sent("b", begin));
    probes.add(3, sent("c", begin));
    probes.expire(begin + TIMEOUT - 1, lost::add);
    assertThat(lost).isEmpty();
    assertThat(probes.take(1, sent -> true)).contains(new Answered<>(sent("a", begin), false));

    probes.expire(begin + TIMEOUT, lost::add);
    assertThat(lost).containsExactly(sent("b", begin), sent("c", begin));
    assertThat(probes.take(2, sent -> true)).contains(new Answered<>(sent("b", begin), true));

    probes.expire(begin + LATEST, lost::add);
    assertThat(lost).hasSize(2);
    assertThat(probes.take(3, sent -> true)).isEmpty();
  }

  @Test
  void anAnswerCountsOnceAndOnlyIfItIsWanted() {
    probes.add(1, sent("a", 0));
    assertThat(probes.take(1, sent -> false)).isEmpty();
    assertThat(take(2)).isEmpty();
    assertThat(take(1)).isPresent();
    assertThat(take(1)).isEmpty();
  }

  @Test
  void itIsKnownHowLongToWaitForTheNextLoss() {
    assertThat(probes.nanosToWait(0)).isGreaterThan(LATEST);
    probes.add(1, sent("a", 0));
    probes.add(2, sent("b", 5));
    assertThat(probes.nanosToWait(2)).isEqualTo(TIMEOUT - 2);
    probes.expire(TIMEOUT, lost::add);
    assertThat(probes.nanosToWait(TIMEOUT)).isEqualTo(5);
  }

  @Test
  void probesToWhoIsNoPeerAnyMoreAreForgotten() {
    probes.add(1, sent("a", 0));
    probes.expire(TIMEOUT, lost::add);
    probes.add(2, sent("a", TIMEOUT));
    probes.add(3, sent("b", TIMEOUT));
    probes.keepOnly("b"::equals);
    assertThat(take(1)).isEmpty();
    assertThat(take(2)).isEmpty();
    assertThat(take(3)).isPresent();
  }

  private Optional<Answered<String>> take(long nonce) {
    return probes.take(nonce, sent -> true);
  }

  private static Sent<String> sent(String peer, long at) {
    return new Sent<>(peer, ProbePath.OVERLAY, 8, 36, at, at + TIMEOUT, at + LATEST);
  }
}
