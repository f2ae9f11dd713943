package io.flannel.operator.flannel.foreign;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.rbac.SubjectBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BindingSubjectTest {
  @Test
  void anAccountMayBeNamedAsAUser() {
    BindingSubject account = BindingSubject.account("kube-system", "canal.1");
    assertThat(account.isAccount()).isTrue();
    assertThat(user("system:serviceaccount:kube-system:canal.1")).isEqualTo(account);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flannel",
        "system:serviceaccount",
        "system:serviceaccount:",
        "system:serviceaccount:a",
        "system:serviceaccount::",
        "system:serviceaccount:a:",
        "system:serviceaccount::x",
        "system:serviceaccount:a:b:c",
        "system:serviceaccount:a.b:x",
        "system:serviceaccount:a/../b:x%2f",
        "system:serviceaccount:a:x\n",
        "system:serviceaccount:A:x",
        "system:serviceaccount:a:-x",
      })
  void whatCantBeAnAccountIsAUser(String name) {
    BindingSubject user = user(name);
    assertThat(user.kind()).isEqualTo("User");
    assertThat(user.name()).isEqualTo(name);
    assertThat(user.isAccount()).isFalse();
  }

  @Test
  void lengthsCount() {
    assertThat(BindingSubject.account("a".repeat(63), "b".repeat(253)).isAccount()).isTrue();
    assertThat(BindingSubject.account("a".repeat(64), "b").isAccount()).isFalse();
    assertThat(BindingSubject.account("a", "b".repeat(254)).isAccount()).isFalse();
    assertThat(BindingSubject.account("a", "b.".repeat(500_000) + "!").isAccount()).isFalse();
  }

  /** The API server accepts any text as a subject's namespace. */
  @Test
  void anAccountInNoPossibleNamespaceCantBeLookedFor() {
    assertThat(BindingSubject.account("", "x").isAccount()).isFalse();
    assertThat(BindingSubject.account("../b", "x").isAccount()).isFalse();
  }

  private static BindingSubject user(String name) {
    return BindingSubject.of(new SubjectBuilder().withKind("User").withName(name).build());
  }
}
