package io.flannel.operator.decide.plan;

import static io.flannel.operator.decide.plan.PlanScenario.IPIP;
import static io.flannel.operator.decide.plan.PlanScenario.NO_TASKS;
import static io.flannel.operator.decide.plan.PlanScenario.VXLAN;
import static io.flannel.operator.decide.plan.PlanScenario.fresh;
import static io.flannel.operator.decide.plan.PlanScenario.plan;
import static io.flannel.operator.decide.plan.PlanScenario.request;
import static io.flannel.operator.decide.plan.PlanScenario.running;
import static io.flannel.operator.decide.plan.PlanScenario.seen;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.preflight.Preflight;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.Networks;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a plan writes, and what it waits for. */
class PlannerTest {
  private static final ObservedTasks CLEANING =
      new ObservedTasks(List.of("n2"), List.of(), List.of(), Map.of());
  private static final ObservedTasks REMOVING =
      new ObservedTasks(List.of(), List.of("n1", "n2"), List.of(), Map.of());

  @Test
  void anAcceptedNetworkIsWritten() {
    Plan plan = plan(IPIP, fresh(), NO_TASKS);
    assertThat(plan.decision()).isEqualTo(Decision.accept());
    assertThat(plan.writes()).isTrue();
    assertThat(plan.keepsProbeKeys()).isTrue();
    assertThat(plan.awaitsTasks()).isFalse();
    assertThat(plan.preflight()).isEmpty();
    assertThat(plan.endsCleanup()).isTrue();
    assertThat(plan.endsRemovals()).isFalse();
  }

  @Test
  void aPausedOneIsNot() {
    Plan plan = Planner.plan(seen(IPIP, running(VXLAN, "old")), REMOVING, request(true));
    assertThat(plan.decision()).isEqualTo(Decision.accept());
    assertThat(plan.writes()).isFalse();
    assertThat(plan.keepsProbeKeys()).isFalse();
    assertThat(plan.endsCleanup()).isFalse();
    assertThat(plan.endsRemovals()).isFalse();
    assertThat(plan.preflight()).isEmpty();
  }

  @Test
  void probeKeyIsNotPlannedWhereNothingMeasures() {
    assertThat(
            plan(Networks.unmeasured("ipip", "10.244.0.0/16"), fresh(), NO_TASKS).keepsProbeKeys())
        .isFalse();
  }

  @Test
  void aRefusedOneStaysAsItIsAndGoesOnToBeMeasured() {
    Plan plan =
        plan(
            Networks.ipip("10.96.0.0/12"), running(IPIP, "new").services("10.96.0.0/16"), REMOVING);
    assertThat(plan.decision()).isInstanceOf(Decision.Refuse.class);
    assertThat(plan.writes()).isFalse();
    assertThat(plan.keepsProbeKeys()).isTrue();
    assertThat(plan.endsCleanup()).isFalse();
    assertThat(plan.endsRemovals()).isFalse();
  }

  @Test
  void cleanupOfAnEarlierNetworkEndsFirst() {
    Plan plan = plan(IPIP, fresh(), CLEANING);
    assertThat(plan.decision())
        .isEqualTo(
            new Decision.Wait(
                TaskSchedule.WAITING,
                "before flannel comes to the nodes, what takes an earlier network off them ends on"
                    + " node n2"));
    assertThat(plan.endsCleanup()).isTrue();
    assertThat(plan.writes()).isFalse();
    assertThat(plan.awaitsTasks()).isTrue();
    assertThat(plan.keepsProbeKeys()).as("nothing is in force").isFalse();
  }

  @Test
  void leftOverRemovalEndsBeforeAChangeBegins() {
    Plan plan = plan(VXLAN, running(IPIP, "old"), REMOVING);
    assertThat(plan.decision())
        .isEqualTo(
            new Decision.Wait(
                TaskSchedule.WAITING,
                "before the first node is changed, what removes the left-overs of the last change"
                    + " ends on nodes n1 and n2"));
    assertThat(plan.endsRemovals()).isTrue();
    assertThat(plan.preflight()).as("one after the other").isEmpty();
    assertThat(plan.awaitsTasks()).isTrue();

    assertThat(plan(IPIP, running(IPIP, "new"), REMOVING).endsRemovals()).isFalse();
    assertThat(plan(IPIP, running(IPIP, "new"), REMOVING).writes()).isTrue();
  }

  @Test
  void aNewEncapsulationIsTriedBeforeItIsWritten() {
    Plan plan = plan(VXLAN, running(IPIP, "old"), NO_TASKS);
    assertThat(plan.possible()).isEqualTo(Decision.accept());
    assertThat(plan.decision())
        .isInstanceOfSatisfying(
            Decision.Wait.class,
            wait -> assertThat(wait.reason()).isEqualTo(Preflight.Running.REASON));
    assertThat(plan.writes()).isFalse();
    assertThat(plan.awaitsTasks()).as("its pods tell when they are through").isFalse();
    PreflightTasks tasks = plan.preflight().orElseThrow();
    assertThat(tasks.plan().tasks()).containsOnlyKeys("n1", "n2");
    assertThat(tasks.round().starts()).hasSize(2);
    assertThat(tasks.notMade("no quota"))
        .hasValueSatisfying(
            objection ->
                assertThat(objection)
                    .isInstanceOfSatisfying(
                        Decision.Refuse.class,
                        refuse -> assertThat(refuse.message()).contains("no quota")));
  }

  @Test
  void disruptiveChangeThatTheSpecDoesNotAllowIsRefused() {
    Plan plan =
        plan(
            Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: wireguard}}"),
            running(Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: wireguard}}"), "old"),
            NO_TASKS);
    assertThat(plan.possible()).isEqualTo(Decision.accept());
    assertThat(plan.decision())
        .isInstanceOfSatisfying(
            Decision.Refuse.class,
            refuse -> assertThat(refuse.reason()).isEqualTo("DisruptiveChange"));
  }
}
