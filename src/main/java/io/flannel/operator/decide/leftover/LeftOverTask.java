package io.flannel.operator.decide.leftover;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The input of a task that removes left-overs from a node: all that flannel should have there.
 *
 * @param devices names of flannel's tunnel devices
 * @param gone ranges of deleted nodes, as CIDRs: what leads to them is removed, too. Other ranges
 *     that look like a deleted node's are only reported ({@link LeftOversFound}), since their node
 *     may have joined after this input was written
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
   * @param network the range of all pods
   * @param own the range of the node's own pods
   * @param live the ranges of all nodes' pods; may include the node's own
   * @param complete whether {@code live} lists all of them
   * @param networkDevice with wireguard, the device of its one route for the whole network
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Range(
      String network,
      String own,
      List<String> live,
      boolean complete,
      @Nullable String networkDevice) {
    /** Returns the same for the node with this podCIDR. */
    Range of(String podCidr) {
      return new Range(network, podCidr, live, complete, networkDevice);
    }

    /** Returns the same without other nodes' ranges. */
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

  /** As {@link #read}, but empty if the text is invalid: others may have written it. */
  static Optional<LeftOverTask> tryRead(String json) {
    try {
      return Optional.of(read(json));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns the JSON that the node's pod gets. */
  public String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings are JSON", e);
    }
  }
}
