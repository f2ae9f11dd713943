package io.flannel.operator.flannel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a|node a",
        "a b|nodes a and b",
        "a b c d e|nodes a, b, c, d and e",
        "a b c d e f|nodes a, b, c, d, e and 1 more",
        "a b c d e f g h|nodes a, b, c, d, e and 3 more",
      })
  void manyAreCutShort(String names, String said) {
    assertThat(Names.ofNodes(List.of(names.split(" ")))).isEqualTo(said);
  }
}
