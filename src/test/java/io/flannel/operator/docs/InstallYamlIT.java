package io.flannel.operator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.cli.UserShell;
import io.flannel.operator.testing.cli.UserShell.Answer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The README's installation by kubectl alone, in a cluster without our CRDs. */
class InstallYamlIT {
  @RegisterExtension static final ApiServer api = new ApiServer();

  @Test
  void oneFileBringsTheOperatorAndTakesItAwayWithoutTheNetwork() {
    api.controllerManager(); // finishes the deletion of namespaces
    Answer nothing = UserShell.of(api).run("kubectl flannel status");
    assertThat(nothing.code()).isEqualTo(2);
    assertThat(nothing.said()).contains("the operator's CRDs are not installed", "What to do:");

    succeeds("make install.yaml ARGS=\"--set replicas=2\"");
    succeeds("kubectl apply -f target/install.yaml");
    succeeds("kubectl apply -f docs/samples/ipip.yaml");
    Answer noPod = UserShell.of(api).run("kubectl flannel status");
    assertThat(noPod.code()).isEqualTo(1);
    assertThat(noPod.said())
        .contains("the Lease flannel-operator/flannel-operator")
        .contains("the operator has not looked at this network yet");
    assertThat(Objects.requireNonNull(operator()).getSpec().getReplicas()).isEqualTo(2);
    assertThat(succeeds("kubectl apply -f target/install.yaml").lines())
        .as("the same once more, though kubectl sends the selector of every budget again")
        .filteredOn(line -> !line.endsWith(" unchanged"))
        .containsExactly("poddisruptionbudget.policy/flannel-operator configured");

    succeeds("kubectl delete -f target/install.yaml -l app.kubernetes.io/name=flannel-operator");
    assertThat(operator()).isNull();
    assertThat(api.client().resources(FlannelNetwork.class).withName("default").get()).isNotNull();
  }

  private static String succeeds(String command) {
    Answer answer = UserShell.of(api).run(command);
    assertThat(answer.code()).as(answer.said()).isZero();
    return answer.said();
  }

  private static @Nullable Deployment operator() {
    return api.client()
        .apps()
        .deployments()
        .inNamespace("flannel-operator")
        .withName("flannel-operator")
        .get();
  }
}
