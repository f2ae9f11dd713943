package io.flannel.operator.decide.leftover;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node's task is told that removes left-overs: all that flannel should have there.
 *
 * @param devices the names of its tunnel devices
 * @param gone ranges that nodes had which are gone, as CIDRs: what leads to these is removed, too.
 *     Whatever else looks like one is told of ({@link LeftOversFound}) and stays, since its node
 *     may have joined after the order was written
 */
public record LeftOverTask(List<String> devices, List<Range> ranges, List<String> gone) {
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  public LeftOverTask {
    gone = gone == null ? List.of() : List.copyOf(gone);
  }

  /**
   * The pods' addresses of one family, as CIDRs.
   *
   * @param network all pods'
   * @param own the node's own pods'
   * @param live all nodes'; the own may be among them
   * @param complete whether {@code live} has all of them
   * @param networkDevice the device of the one route for the whole network, with wireguard
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Range(
      String network,
      String own,
      List<String> live,
      boolean complete,
      @Nullable String networkDevice) {
    /** The same, for the node with this range. */
    Range of(String podCidr) {
      return new Range(network, podCidr, live, complete, networkDevice);
    }

    /** The same without a word of other nodes. */
    Range withoutLive() {
      return new Range(network, own, List.of(), false, networkDevice);
    }
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static LeftOverTask read(String json) {
    try {
      LeftOverTask order = JSON.readValue(json, LeftOverTask.class);
      if (order == null || order.devices() == null || order.ranges() == null) {
        throw new IllegalArgumentException("the order lacks devices or ranges");
      }
      return order;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the order is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** As {@link #read}, but empty where that throws: for what others wrote. */
  static Optional<LeftOverTask> tryRead(String json) {
    try {
      return Optional.of(read(json));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** As it travels to the node. */
  public String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings are JSON", e);
    }
  }
}
