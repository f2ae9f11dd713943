package io.flannel.operator.web.metricsserver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which token a request carries. */
class ScrapeHandlerTest {
  @Test
  void theBearersInWhateverCase() {
    assertThat(ScrapeHandler.token("Bearer abc")).isEqualTo("abc");
    assertThat(ScrapeHandler.token("bearer abc ")).isEqualTo("abc");
  }

  @Test
  void noOther() {
    assertThat(ScrapeHandler.token(null)).isNull();
    assertThat(ScrapeHandler.token("Bearer")).isNull();
    assertThat(ScrapeHandler.token("Bearer  ")).isNull();
    assertThat(ScrapeHandler.token("Basic YWxhZGRpbg==")).isNull();
    assertThat(ScrapeHandler.token("abc")).isNull();
  }
}
