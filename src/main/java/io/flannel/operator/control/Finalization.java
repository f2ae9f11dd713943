package io.flannel.operator.control;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.NodeStepPod.Kind;
import io.flannel.operator.report.Happening;
import io.flannel.operator.report.StatusReport;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * One pass over a FlannelNetwork that is being deleted. With {@code deletionPolicy: Cleanup} it
 * removes what can be removed now; it needs no more of the spec than can be read.
 */
final class Finalization {
  /** Delay before a FlannelNode that the API server does not delete is tried again. */
  private static final Duration REFUSED_LOOK = Duration.ofSeconds(10);

  private final PassTools tools;
  private final Instant actingSince;
  private final FlannelNetwork network;
  private final StatusWriter statusWriter;
  private final CleanupFinalizer finalizer;
  private final Remover remover;
  private final NodeSteps steps;

  /**
   * Prepares it.
   *
   * @param actingSince when this operator began to act
   */
  Finalization(PassTools tools, Instant actingSince, FlannelNetwork network) {
    this.tools = tools;
    this.actingSince = actingSince;
    this.network = network;
    this.statusWriter = new StatusWriter(tools.client(), tools.events());
    this.finalizer = new CleanupFinalizer(tools.client());
    this.remover = new Remover(tools.client(), tools.watches(), tools.agents());
    this.steps = new NodeSteps(tools.client(), tools.watches(), tools.agents(), tools.clock());
  }

  /**
   * Does what can be done now.
   *
   * @throws Applier.ApplyException if the API server refuses it; the status says so
   */
  UpdateControl<FlannelNetwork> run() {
    Applier.ApplyException refusal;
    try {
      return goOn();
    } catch (Applier.ApplyException e) {
      refusal = e;
    } catch (KubernetesClientException e) {
      refusal = Applier.ApplyException.refused(e);
    }
    if (finalizer.isOn(network)) {
      say(String.valueOf(refusal.getMessage()));
    }
    throw refusal;
  }

  private UpdateControl<FlannelNetwork> goOn() {
    new PreflightSteps(steps, tools.clock()).end();
    if (!finalizer.isOn(network)) {
      return UpdateControl.noUpdate();
    }
    if (NetworkSpec.isPaused(network)) {
      var refuse =
          new Decision.Refuse(
              "DeletionPaused",
              "it is deleted with deletionPolicy Cleanup, but spec.paused is set: nothing is"
                  + " removed",
              "set spec.paused to false to remove flannel, or deletionPolicy to Retain to keep"
                  + " it");
      write(
          previous ->
              StatusReport.refused(
                  network.getMetadata().getGeneration(), previous, refuse, tools.clock()));
      return UpdateControl.noUpdate();
    }
    if (NetworkSpec.cleansUp(network)) {
      Optional<Going.Pending> pending =
          NetworkSpec.going(network, remover.configMaps(name())).flatMap(this::cleanUp);
      if (pending.isPresent()) {
        return UpdateControl.<FlannelNetwork>noUpdate().rescheduleAfter(pending.get().lookAgain());
      }
    } else {
      NetworkSpec.unreadPolicy(network).ifPresent(this::tellThatAllStays);
    }
    finalizer.remove(network);
    return UpdateControl.noUpdate();
  }

  /**
   * Removes what can be removed now.
   *
   * @return what is waited for; empty: all is done
   */
  private Optional<Going.Pending> cleanUp(NetworkSpec.Going going) {
    WantedNetwork wanted = going.wanted();
    Optional<Applier.ApplyException> refused = deleteFlannelNodes(wanted);
    remover.removeAgents(wanted);
    steps.end(Kind.LEFT_OVERS);
    Optional<Going.Pending> pending =
        new Going(
                tools.client(),
                tools.watches(),
                remover,
                steps,
                tools.events(),
                actingSince,
                tools.clock())
            .run(wanted, network);
    if (pending.isPresent()) {
      String how = pending.get().how();
      say(
          going
              .unread()
              .map(
                  why ->
                      "%s; what the spec says can't all be read (%s): that is cleaned which was"
                              .formatted(how, why)
                          + " last applied, with flannel's default image and tolerations where"
                          + " those can't be read")
              .orElse(how));
      return pending;
    }
    if (refused.isPresent()) {
      String why = String.valueOf(refused.get().getMessage());
      say(why);
      return Optional.of(new Going.Pending(REFUSED_LOOK, why));
    }
    new TakeOver(tools.client(), tools.watches()).removeAll(wanted);
    remover.removeAll(wanted, network);
    return Optional.empty();
  }

  /** What is refused of them stops nothing else. */
  private Optional<Applier.ApplyException> deleteFlannelNodes(WantedNetwork wanted) {
    try {
      new FlannelNodes(tools.client(), tools.watches(), tools.clock()).deleteAll(wanted.name());
      return Optional.empty();
    } catch (Applier.ApplyException e) {
      return Optional.of(e);
    }
  }

  private void tellThatAllStays(String why) {
    tools
        .events()
        .record(
            network,
            new Happening(
                true,
                "NodesNotCleaned",
                "it can't be read whether flannel is to be removed (%s), so that it stays as it is"
                        .formatted(why)
                    + "; docs/left-overs.md says what to remove by hand"));
  }

  /** How far the cleaning is. */
  private void say(String how) {
    long generation = network.getMetadata().getGeneration();
    write(previous -> StatusReport.cleaning(generation, previous, how, tools.clock()));
  }

  private void write(Function<Optional<FlannelNetworkStatus>, FlannelNetworkStatus> report) {
    tools.metrics().record(name(), statusWriter.write(network, report), Map.of());
  }

  private String name() {
    return network.getMetadata().getName();
  }
}
