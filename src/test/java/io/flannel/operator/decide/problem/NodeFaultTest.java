package io.flannel.operator.decide.problem;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NodeFaultTest {
  @ParameterizedTest
  @EnumSource
  void aReasonLeadsBackToItsFault(NodeFault fault) {
    assertThat(NodeFault.ofReason(fault.reason())).contains(fault);
    assertThat(NodeFault.ofReason(fault.reason() + "X")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aReasonIsOneWordAndAMessageLacksItsSubject(NodeFault fault) {
    assertThat(fault.reason()).matches("([A-Z]+[a-z]*)+");
    assertThat(fault.message()).matches("[a-z].*[^.]");
    assertThat(fault.remedy()).isNotBlank().doesNotEndWith(".");
  }

  @ParameterizedTest
  @EnumSource
  void faultThatLosesSmallPacketsLosesLargeOnes(NodeFault fault) {
    assertThat(fault.explainsLostFullSizeProbes() || !fault.explainsLostProbes()).isTrue();
  }
}
