package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThatCode;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Files with arbitrary content. */
class HostFilesPropertyTest {
  @Property
  void filesOfAnyContentThrowNothing(@ForAll String text) {
    assertThatCode(
            () -> {
              SubnetEnv.parse(text);
              HostFiles.counterIn(text, "Udp", "InCsumErrors");
              HostFiles.counterIn("Udp: a\nUdp:" + text, "Udp", "a");
            })
        .doesNotThrowAnyException();
  }
}
