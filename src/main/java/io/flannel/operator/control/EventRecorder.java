package io.flannel.operator.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.report.Happening;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Tells what happened as Kubernetes Events, which {@code kubectl describe} shows.
 *
 * <p>An Event is told before the status that it comes from is written. Its name is made of that
 * status' resourceVersion and of what happened, so that an operator that died in between and comes
 * to the same finding again gets "already exists" instead of telling it twice.
 */
final class EventRecorder {
  /** Where Events of cluster-scoped objects live. */
  private static final String NAMESPACE = "default";

  /** What the API server takes at most for a note. */
  private static final int NOTE_LENGTH = 1024;

  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);

  private final KubernetesClient client;
  private final Clock clock;
  private final String instance;

  EventRecorder(KubernetesClient client, Clock clock, String instance) {
    this.client = client;
    this.clock = clock;
    this.instance = instance;
  }

  void record(FlannelNetwork network, Happening happening) {
    var meta = network.getMetadata();
    String name =
        meta.getName()
            + "."
            + UUID.nameUUIDFromBytes(
                (meta.getUid() + meta.getResourceVersion() + happening).getBytes(UTF_8));
    var event =
        new EventBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(NAMESPACE)
            .endMetadata()
            .withRegarding(
                new ObjectReferenceBuilder()
                    .withApiVersion(network.getApiVersion())
                    .withKind(network.getKind())
                    .withName(meta.getName())
                    .withUid(meta.getUid())
                    .build())
            .withType(happening.warning() ? "Warning" : "Normal")
            .withReason(happening.reason())
            .withAction("Reconcile")
            .withNote(shortened(happening.message()))
            .withReportingController("flannel.io/flannel-operator")
            .withReportingInstance(instance)
            .withEventTime(new MicroTime(MICROS.format(clock.instant())))
            .build();
    try {
      client.resource(event).create();
      LOG.atLevel(happening.warning() ? Level.WARN : Level.INFO)
          .log(
              "FlannelNetwork {}: {}: {}", meta.getName(), happening.reason(), happening.message());
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        // Events are told on a best-effort basis; the status says the same.
        LOG.warn("the Event \"{}\" could not be written: {}", happening.reason(), ApiFault.said(e));
      }
    }
  }

  private static String shortened(String message) {
    return message.length() <= NOTE_LENGTH ? message : message.substring(0, NOTE_LENGTH - 1) + "…";
  }
}
