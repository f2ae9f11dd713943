package io.flannel.operator.observe;

import static io.flannel.operator.flannel.foreign.BindingSubject.account;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.flannel.foreign.BindingSubject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AccountLookTest {
  private final List<BindingSubject> asked = new ArrayList<>();

  private AccountLook accounts(boolean there) {
    return new AccountLook(
        account -> {
          asked.add(account);
          return there;
        });
  }

  @Test
  void eachIsAskedForOnce() {
    AccountLook accounts = accounts(false);
    assertThat(accounts.isThere(account("a", "x"))).isFalse();
    assertThat(accounts.isThere(account("a", "x"))).isFalse();
    assertThat(asked).hasSize(1);
  }

  @Test
  void absentAccountMayHaveComeSince() {
    AccountLook accounts = accounts(false);
    accounts.isThere(account("a", "x"));
    accounts.forgetMissing();
    accounts.isThere(account("a", "x"));
    assertThat(asked).hasSize(2);
    asked.clear();
    AccountLook present = accounts(true);
    present.isThere(account("a", "x"));
    present.forgetMissing();
    assertThat(present.isThere(account("a", "x"))).isTrue();
    assertThat(asked).hasSize(1);
  }

  @Test
  void accountsBeyondTheLimitAreTakenForThere() {
    AccountLook accounts = accounts(false);
    List<Boolean> there =
        IntStream.range(0, 10_000).mapToObj(i -> accounts.isThere(account("a", "x" + i))).toList();
    assertThat(asked).hasSize(AccountLook.MOST);
    assertThat(there.subList(0, AccountLook.MOST)).containsOnly(false);
    assertThat(there.subList(AccountLook.MOST, 10_000)).containsOnly(true);
  }
}
