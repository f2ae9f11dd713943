package io.flannel.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.apply.AdoptionApplier;
import io.flannel.operator.apply.Applier;
import io.flannel.operator.apply.ApplyContext;
import io.flannel.operator.apply.CleanupFinalizer;
import io.flannel.operator.apply.FlannelNodes;
import io.flannel.operator.apply.NodeCleanup;
import io.flannel.operator.apply.NodeTasks;
import io.flannel.operator.apply.Pruner;
import io.flannel.operator.apply.StatusWriter;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.observe.NetworkSpec;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import io.flannel.operator.report.NetworkEvent;
import io.flannel.operator.report.StatusReport;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The reconciliation of a FlannelNetwork that is being deleted. With {@code deletionPolicy:
 * Cleanup} it removes what can be removed now, even if only part of the spec can be read.
 */
final class Finalization {
  /** Delay before deleting a FlannelNode is tried again after the API server refused it. */
  private static final Duration REFUSED_LOOK = Duration.ofSeconds(10);

  private final ReconcileContext context;
  private final ApplyContext apply;
  private final FlannelNetwork network;
  private final StatusWriter statusWriter;
  private final CleanupFinalizer finalizer;
  private final Pruner pruner;
  private final NodeTasks tasks;

  Finalization(ReconcileContext context, FlannelNetwork network) {
    this.context = context;
    this.apply = context.apply();
    this.network = network;
    this.statusWriter = new StatusWriter(apply.client(), apply.events());
    this.finalizer = new CleanupFinalizer(apply.client());
    this.pruner = new Pruner(apply.client(), apply.watches(), apply.agents());
    this.tasks = new NodeTasks(apply);
  }

  /**
   * Does what can be done now.
   *
   * @throws Applier.ApplyException if the API server refuses something; the status says so
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
    tasks.end(Kind.PREFLIGHT);
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
                  network.getMetadata().getGeneration(), previous, refuse, apply.clock()));
      return UpdateControl.noUpdate();
    }
    if (NetworkSpec.cleansUp(network)) {
      Optional<NodeCleanup.Pending> pending =
          NetworkSpec.going(network, pruner.configMaps(name())).flatMap(this::cleanUp);
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
   * @return what is awaited; empty if all is done
   */
  private Optional<NodeCleanup.Pending> cleanUp(NetworkSpec.Going going) {
    DesiredNetwork wanted = going.wanted();
    Optional<Applier.ApplyException> refused = deleteFlannelNodes(wanted);
    pruner.removeAgents(wanted);
    tasks.end(Kind.LEFT_OVERS);
    Optional<NodeCleanup.Pending> pending =
        new NodeCleanup(apply, context.actingSince()).run(wanted, network);
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
      return Optional.of(new NodeCleanup.Pending(REFUSED_LOOK, why));
    }
    new AdoptionApplier(apply.client(), apply.watches()).removeAll(wanted);
    pruner.removeAll(wanted, network);
    return Optional.empty();
  }

  /** A refusal does not stop the rest of the cleanup. */
  private Optional<Applier.ApplyException> deleteFlannelNodes(DesiredNetwork wanted) {
    try {
      new FlannelNodes(apply.client(), apply.watches()).deleteAll(wanted.name());
      return Optional.empty();
    } catch (Applier.ApplyException e) {
      return Optional.of(e);
    }
  }

  private void tellThatAllStays(String why) {
    apply
        .events()
        .record(
            network,
            new NetworkEvent(
                true,
                "NodesNotCleaned",
                "it can't be read whether flannel is to be removed (%s), so that it stays as it is"
                        .formatted(why)
                    + "; docs/left-overs.md says what to remove by hand"));
  }

  /** Reports how far the cleanup is. */
  private void say(String how) {
    long generation = network.getMetadata().getGeneration();
    write(previous -> StatusReport.cleaning(generation, previous, how, apply.clock()));
  }

  private void write(Function<Optional<FlannelNetworkStatus>, FlannelNetworkStatus> report) {
    context.metrics().record(name(), statusWriter.write(network, report), Map.of());
  }

  private String name() {
    return network.getMetadata().getName();
  }
}
