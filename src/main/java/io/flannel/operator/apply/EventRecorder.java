package io.flannel.operator.apply;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.report.NetworkEvent;
import io.flannel.operator.runtime.ApiErrors;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Records what happened as Kubernetes Events, which {@code kubectl describe} shows.
 *
 * <p>An Event is created before the status that it belongs to is written. Its name is derived from
 * the previous resourceVersion and the content, so that an operator that crashes in between and
 * reaches the same conclusion again gets "already exists" instead of creating a duplicate.
 *
 * <p>{@link EventRate} limits the number of Events, so that a network whose state flaps does not
 * fill etcd.
 */
public final class EventRecorder {
  /** Where Events of cluster-scoped objects live. */
  private static final String NAMESPACE = "default";

  /** The API server's limit for a note. Its message says characters, but it counts bytes. */
  private static final int NOTE_BYTES = 1024;

  /** A name has at most 253 characters, of which a dot and the UUID take 37. */
  private static final int PREFIX_LENGTH = 216;

  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);

  private final KubernetesClient client;
  private final Clock clock;
  private final String instance;
  private final EventRate rate;

  public EventRecorder(KubernetesClient client, Clock clock, String instance) {
    this.client = client;
    this.clock = clock;
    this.instance = instance;
    this.rate = new EventRate();
  }

  /** Records an Event, or only counts it if there were too many: see {@link EventRate}. */
  public void record(FlannelNetwork network, NetworkEvent happening) {
    String uid = network.getMetadata().getUid();
    rate.tell(uid, happening, clock.instant())
        .ifPresentOrElse(
            told -> write(network, told),
            () -> {
              if (rate.heldBack(uid, happening.reason()) == 1) {
                LOG.warn(
                    "FlannelNetwork {}: Events of the reason {} come too fast; from now on they are"
                        + " counted, and told together",
                    network.getMetadata().getName(),
                    happening.reason());
              }
            });
  }

  /** Records the held-back Events that may be emitted now. */
  void recordHeldBack(FlannelNetwork network) {
    rate.overdue(network.getMetadata().getUid(), clock.instant())
        .forEach(told -> write(network, told));
  }

  private void write(FlannelNetwork network, EventRate.Told told) {
    NetworkEvent happening = told.happening();
    String note = note(told);
    var meta = network.getMetadata();
    String name =
        prefix(meta.getName())
            + "."
            + UUID.nameUUIDFromBytes(
                (meta.getUid() + meta.getResourceVersion() + told).getBytes(UTF_8));
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
            .withReason(PrintableText.of(happening.reason()))
            .withAction("Reconcile")
            .withNote(note)
            .withReportingController("flannel.io/flannel-operator")
            .withReportingInstance(instance)
            .withEventTime(new MicroTime(MICROS.format(clock.instant())))
            .build();
    try {
      client.resource(event).create();
      LOG.atLevel(happening.warning() ? Level.WARN : Level.INFO)
          .log("FlannelNetwork {}: {}: {}", meta.getName(), happening.reason(), note);
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        // Events are best effort; the status says the same.
        LOG.warn(
            "the Event \"{}\" could not be written: {}", happening.reason(), ApiErrors.said(e));
      }
    }
  }

  /** Shortens a network's name so that the name of an Event can begin with it. */
  private static String prefix(String network) {
    return network.length() <= PREFIX_LENGTH
        ? network
        : network.substring(0, PREFIX_LENGTH).replaceFirst("[.-]+$", "");
  }

  private static String note(EventRate.Told told) {
    String more =
        told.others() == 0
            ? ""
            : " (and %d more of this reason, which came too fast to be told each)"
                .formatted(told.others());
    return PrintableText.shortenedToBytes(told.happening().message(), NOTE_BYTES - more.length())
        + more;
  }
}
