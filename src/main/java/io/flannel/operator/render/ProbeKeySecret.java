package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.ProbeKey;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The Secret with the network's probe keys, as it should be now. Missing and invalid keys are
 * replaced, and once a day each key moves on by one place, in a single write. The Secret itself
 * records the time of the last renewal, by the operator's clock.
 */
public final class ProbeKeySecret {
  /** The annotation with the time of the last renewal, RFC 3339. */
  public static final String RENEWED_AT = "flannel.io/renewed-at";

  /** The annotation that requests a renewal; each request needs a new value. */
  public static final String RENEW = "flannel.io/renew";

  /** Maximum length of that value when it is compared and repeated. */
  private static final int ASKED_LENGTH = 63;

  /** The annotation that repeats the value of {@link #RENEW} at the last renewal. */
  public static final String RENEWED_FOR = "flannel.io/renewed-for";

  private static final Duration EVERY = Duration.ofHours(24);

  /**
   * Minimum time between renewals on demand: longer than the kubelet takes to bring the next key to
   * all agents, before one signs with it.
   */
  private static final Duration APART = Duration.ofMinutes(10);

  private static final String TYPE = "Opaque";

  private ProbeKeySecret() {}

  /** In base64, as stored in the Secret. */
  private record Keys(String current, String next, String previous) {
    Keys renewed(String fresh) {
      return new Keys(/* current= */ next, /* next= */ fresh, /* previous= */ current);
    }

    @Override
    public String toString() {
      return "keys";
    }
  }

  /** The Secret with only its name and namespace. */
  public static Secret named(NodeAgentSettings settings) {
    return new SecretBuilder()
        .withNewMetadata()
        .withNamespace(settings.namespace())
        .withName(ProbeKey.SECRET)
        .endMetadata()
        .build();
  }

  /**
   * Renders it.
   *
   * @param live the Secret as it is; null if there is none
   * @param random makes a key's bytes, which must be unpredictable
   */
  public static Secret render(
      DesiredNetwork network,
      NodeAgentSettings settings,
      @Nullable Secret live,
      Instant now,
      Supplier<byte[]> random) {
    Map<String, String> noted = annotations(live);
    Optional<Instant> renewedAt = time(noted.get(RENEWED_AT)).filter(it -> !it.isAfter(now));
    String asked = PrintableText.shortened(noted.getOrDefault(RENEW, ""), ASKED_LENGTH);
    boolean demanded = !asked.isEmpty() && !asked.equals(noted.get(RENEWED_FOR));
    boolean renews =
        renewedAt
            .map(at -> Duration.between(at, now))
            .filter(age -> age.compareTo(demanded ? APART : EVERY) >= 0)
            .isPresent();
    Keys keys = mended(live, random);
    if (renews) {
      keys = keys.renewed(text(random.get()));
    }
    Map<String, String> annotations = new TreeMap<>();
    annotations.put(
        RENEWED_AT,
        renewedAt
            .filter(at -> !renews)
            .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS))
            .toString());
    String renewedFor = renews ? asked : noted.getOrDefault(RENEWED_FOR, "");
    if (!renewedFor.isEmpty()) {
      annotations.put(RENEWED_FOR, renewedFor);
    }
    return new SecretBuilder()
        .withMetadata(
            new ObjectMetaBuilder(named(settings).getMetadata())
                .withLabels(Flannel.labels(network))
                .withAnnotations(annotations)
                .withOwnerReferences(settings.owner().stream().toList())
                .build())
        .withType(TYPE)
        .addToData(ProbeKey.CURRENT, keys.current())
        .addToData(ProbeKey.NEXT, keys.next())
        .addToData(ProbeKey.PREVIOUS, keys.previous())
        .build();
  }

  /** Whether a live Secret has everything that was rendered. */
  public static boolean holds(Secret live, Secret rendered) {
    return canBeWritten(live)
        && has(live.getData(), rendered.getData())
        && has(live.getMetadata().getLabels(), rendered.getMetadata().getLabels())
        && has(live.getMetadata().getAnnotations(), rendered.getMetadata().getAnnotations())
        && live.getMetadata()
            .getOwnerReferences()
            .containsAll(rendered.getMetadata().getOwnerReferences());
  }

  /** Whether Kubernetes lets its content change; otherwise it must be deleted. */
  public static boolean canBeWritten(Secret live) {
    return TYPE.equals(live.getType()) && !Boolean.TRUE.equals(live.getImmutable());
  }

  /** If the key that signs is lost, one that all agents already have replaces it. */
  private static Keys mended(@Nullable Secret live, Supplier<byte[]> random) {
    Optional<String> next = entry(live, ProbeKey.NEXT);
    Optional<String> previous = entry(live, ProbeKey.PREVIOUS);
    Supplier<String> fresh = () -> text(random.get());
    String current =
        entry(live, ProbeKey.CURRENT).or(() -> next).or(() -> previous).orElseGet(fresh);
    return new Keys(
        current,
        next.filter(it -> !it.equals(current)).orElseGet(fresh),
        previous.orElseGet(fresh));
  }

  /**
   * Empty if it is not a key. A key of zeros alone is not: a file that was never written has those.
   */
  private static Optional<String> entry(@Nullable Secret live, String name) {
    if (live == null || live.getData() == null) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(live.getData().get(name))
          .map(Base64.getDecoder()::decode)
          .filter(bytes -> bytes.length == ProbeKey.BYTES)
          .filter(bytes -> !Arrays.equals(bytes, new byte[ProbeKey.BYTES]))
          .map(ProbeKeySecret::text);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String text(byte[] key) {
    return Base64.getEncoder().encodeToString(key);
  }

  private static Map<String, String> annotations(@Nullable Secret live) {
    return live == null
        ? Map.of()
        : Objects.requireNonNullElse(live.getMetadata().getAnnotations(), Map.of());
  }

  private static Optional<Instant> time(@Nullable String text) {
    try {
      return Optional.ofNullable(text).map(Instant::parse);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private static boolean has(
      @Nullable Map<String, String> live, @Nullable Map<String, String> rendered) {
    return Objects.requireNonNullElse(live, Map.<String, String>of())
        .entrySet()
        .containsAll(Objects.requireNonNullElse(rendered, Map.<String, String>of()).entrySet());
  }
}
