package io.flannel.operator.flannel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FlanneldArgsTest {
  @Test
  void notationsOfOneFlagAreAlike() {
    for (List<String> args :
        List.of(
            List.of("--ip-masq", "--v=2"),
            List.of("-ip-masq=true", "-v", "2"),
            List.of("--v", "4", "--ip-masq=T", "--v", "2"))) {
      assertThat(FlanneldArgs.parse(args).without(Set.of()))
          .as("%s", args)
          .containsExactly("--ip-masq", "--v=2");
    }
  }

  @Test
  void aBooleanFlagTakesNoArgumentOfItsOwn() {
    FlanneldArgs args = FlanneldArgs.parse(List.of("--ip-masq", "false", "--v=2"));
    assertThat(args.isOn("ip-masq")).isTrue();
    assertThat(args.rest()).containsExactly("false", "--v=2");
    assertThat(FlanneldArgs.parse(List.of("--ip-masq=false")).isOn("ip-masq")).isFalse();
    assertThat(FlanneldArgs.parse(List.of("--iptables-forward-rules=0")).without(Set.of()))
        .containsExactly("--iptables-forward-rules=false");
  }

  @Test
  void eachInterfaceCounts() {
    FlanneldArgs args = FlanneldArgs.parse(List.of("--iface=a", "-iface", "b", "--public-ip=x=y"));
    assertThat(args.all("iface")).containsExactly("a", "b");
    assertThat(args.value("public-ip")).contains("x=y");
    assertThat(args.value("iface")).contains("b");
    assertThat(args.without(Set.of("iface"))).containsExactly("--public-ip=x=y");
  }
}
