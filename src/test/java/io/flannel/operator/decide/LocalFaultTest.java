package io.flannel.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LocalFaultTest {
  @ParameterizedTest
  @EnumSource
  void aReasonLeadsBackToItsFault(LocalFault fault) {
    assertThat(LocalFault.ofReason(fault.reason())).contains(fault);
    assertThat(LocalFault.ofReason(fault.reason() + "X")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aReasonIsOneWordAndAMessageLacksItsSubject(LocalFault fault) {
    assertThat(fault.reason()).matches("([A-Z]+[a-z]*)+");
    assertThat(fault.message()).matches("[a-z].*[^.]");
    assertThat(fault.remedy()).isNotBlank().doesNotEndWith(".");
  }

  @ParameterizedTest
  @EnumSource
  void whatLosesSmallPacketsLosesLargeOnes(LocalFault fault) {
    assertThat(fault.explainsLostFullSizeProbes() || !fault.explainsLostProbes()).isTrue();
  }
}
