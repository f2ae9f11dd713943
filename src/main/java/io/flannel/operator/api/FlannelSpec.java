package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** flannel's own pods: the DaemonSet {@code kube-flannel-ds} in namespace {@code kube-flannel}. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FlannelSpec(
    @JsonPropertyDescription("Image of flanneld and of install-conf.")
        @Size(min = 1, max = 512)
        @Default("ghcr.io/flannel-io/flannel:v0.28.10")
        @Nullable String image,
    @JsonPropertyDescription("Image that carries the flannel CNI plugin.")
        @Size(min = 1, max = 512)
        @Default("ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3")
        @Nullable String cniPluginImage,
    @JsonPropertyDescription(
            "When the kubelet pulls both images. Always, IfNotPresent or Never. Left out,"
                + " Kubernetes' default: Always for the tag latest, else IfNotPresent.")
        @Nullable ImagePullPolicy imagePullPolicy,
    @JsonPropertyDescription("Secrets in namespace kube-flannel that open a private registry.")
        @Size(max = 16)
        @MergeKey("name")
        @Nullable List<PullSecret> imagePullSecrets,
    @JsonPropertyDescription(
            "CPU and memory of flanneld's container. Left out: requests of 100m and 50Mi, as in"
                + " upstream's manifest.")
        @Nullable Resources resources,
    @JsonPropertyDescription(
            "Taints that flannel's pods bear. Left out: every NoSchedule and NoExecute taint, since"
                + " a node without flannel has no pod network.")
        @Size(max = 32)
        @Nullable List<TolerationSpec> tolerations,
    @JsonPropertyDescription(
            "Labels of the nodes that get flannel, beside kubernetes.io/os: linux.")
        @Size(max = 32)
        @ValidationRule(
            value = "self.all(key, key.size() <= " + Bounds.LABEL_KEY + ")",
            message = "a label's name has 317 characters at most: correct the key in nodeSelector")
        @Nullable Map<String, @Size(max = Bounds.LABEL_VALUE) String> nodeSelector,
    @JsonPropertyDescription(
            "More arguments of flanneld, each of the form --flag or --flag=value, such as"
                + " --iptables-resync=30. Not those that fields of this object set.")
        @Size(max = 32)
        @ValidationRule(
            value = "self.all(arg, arg.matches('^--?[a-zA-Z0-9][a-zA-Z0-9_-]*(=.*)?$'))",
            message =
                "each of extraArgs must have the form --flag or --flag=value, such as --iptables-resync=30")
        @ValidationRule(
            value =
                "self.all(arg,"
                    + " !arg.matches('^--?(iface|iface-regex|iface-can-reach|ip-masq|kube-subnet-mgr|net-config-path|subnet-file|kube-annotation-prefix|healthz-ip|healthz-port)(=.*)?$'))",
            message =
                "extraArgs may not set what the operator sets: use interface.name, interface.regex,"
                    + " interface.canReach and ipMasq; --kube-subnet-mgr, --net-config-path,"
                    + " --subnet-file, --kube-annotation-prefix, --healthz-ip and --healthz-port are"
                    + " fixed")
        @Nullable List<@Size(min = 1, max = 1024) String> extraArgs) {

  /** Kubernetes' {@code imagePullPolicy}. */
  public enum ImagePullPolicy {
    /** Ask the registry at every start. */
    @JsonProperty("Always")
    ALWAYS,
    /** Pull only what the node does not have. */
    @JsonProperty("IfNotPresent")
    IF_NOT_PRESENT,
    /** Never pull: the node must have the image. */
    @JsonProperty("Never")
    NEVER
  }

  /** A reference to a pull secret in namespace {@code kube-flannel}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record PullSecret(
      @JsonPropertyDescription("Name of the Secret.") @Required @Size(min = 1, max = 253)
          String name) {}

  /** CPU and memory, in Kubernetes' quantities. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Resources(
      @JsonPropertyDescription("The most that the container may use, such as memory: 100Mi.")
          @Size(max = 8)
          @ValidationRule(
              value = Resources.QUANTITIES,
              message = "must be quantities such as 100m or 50Mi")
          @Nullable
              Map<
                  String,
                  @Size(max = Bounds.QUANTITY) @Min(-Bounds.WHOLE_NUMBER) @Max(Bounds.WHOLE_NUMBER)
                  Quantity>
              limits,
      @JsonPropertyDescription("What the scheduler sets aside, such as cpu: 100m.")
          @Size(max = 8)
          @ValidationRule(
              value = Resources.QUANTITIES,
              message = "must be quantities such as 100m or 50Mi")
          @Nullable
              Map<
                  String,
                  @Size(max = Bounds.QUANTITY) @Min(-Bounds.WHOLE_NUMBER) @Max(Bounds.WHOLE_NUMBER)
                  Quantity>
              requests) {
    private static final String QUANTITIES =
        "self.all(name, name.size() <= " + Bounds.LABEL_KEY + " && isQuantity(string(self[name])))";
  }

  /** Kubernetes' toleration of a taint. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value = "self.operator != 'Exists' || !has(self.value) || self.value == ''",
      message = "operator Exists compares no value: remove value or use operator Equal",
      fieldPath = ".value")
  @ValidationRule(
      value = "self.operator == 'Exists' || (has(self.key) && self.key != '')",
      message = "a toleration without a key bears every taint: say operator: Exists, or name a key")
  @ValidationRule(
      value = "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
      message = "only effect NoExecute evicts: remove tolerationSeconds or set effect: NoExecute",
      fieldPath = ".tolerationSeconds")
  public record TolerationSpec(
      @JsonPropertyDescription("Key of the taint; left out, with operator Exists: every key.")
          @Size(max = Bounds.LABEL_KEY)
          @Nullable String key,
      @JsonPropertyDescription("Equal compares the value; Exists bears any.") @Default("Equal")
          @Nullable Operator operator,
      @JsonPropertyDescription("Value of the taint, for operator Equal.")
          @Size(max = Bounds.LABEL_VALUE)
          @Nullable String value,
      @JsonPropertyDescription(
              "Effect of the taint: NoSchedule, PreferNoSchedule or NoExecute; left out: every"
                  + " effect.")
          @Nullable Effect effect,
      @JsonPropertyDescription("Seconds that a NoExecute taint is borne; left out: for ever.")
          @Min(-Bounds.WHOLE_NUMBER)
          @Max(Bounds.WHOLE_NUMBER)
          @Nullable Long tolerationSeconds) {

    /** How key and value are compared. */
    public enum Operator {
      /** Key and value equal those of the taint. */
      @JsonProperty("Equal")
      EQUAL,
      /** The key exists, whatever its value. */
      @JsonProperty("Exists")
      EXISTS
    }

    /** What a taint does. */
    public enum Effect {
      /** Keeps new pods off. */
      @JsonProperty("NoSchedule")
      NO_SCHEDULE,
      /** Keeps new pods off where possible. */
      @JsonProperty("PreferNoSchedule")
      PREFER_NO_SCHEDULE,
      /** Keeps new pods off and evicts those that run. */
      @JsonProperty("NoExecute")
      NO_EXECUTE
    }
  }
}
