package io.flannel.operator.decide;

import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.ClusterState.ServiceRange;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.flannel.foreign.OtherFlannels;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Clusters for tests: {@code cluster(node("n1")).services("10.96.0.0/12").running(ipip)}. */
public final class Clusters {
  private final List<ClusterNode> nodes;
  private final List<ServiceRange> services = new ArrayList<>();
  private final List<NetworkRef> networks = new ArrayList<>();
  private final List<ForeignFlannel> foreign = new ArrayList<>();
  private Optional<LiveFlannel> live = Optional.empty();
  private FlannelPods pods = FlannelPods.NONE;
  private final List<OtherDaemonSet> others = new ArrayList<>();
  private final List<BindingSubject> subjects = new ArrayList<>();
  private final List<OtherFlannels.Trace> traces = new ArrayList<>();
  private Optional<String> otherRole = Optional.empty();

  private Clusters(List<ClusterNode> nodes) {
    this.nodes = nodes;
  }

  public static Clusters cluster(Nodes... nodes) {
    return new Clusters(Nodes.list(nodes));
  }

  public static Clusters cluster(List<ClusterNode> nodes) {
    return new Clusters(nodes);
  }

  public Clusters services(String... ranges) {
    for (String range : ranges) {
      services.add(new ServiceRange("kubernetes", Cidr.parse(range)));
    }
    return this;
  }

  public Clusters network(String name, String created) {
    networks.add(new NetworkRef(name, Instant.parse(created)));
    return this;
  }

  /** Adds a network that may be accepted or confirmed. */
  public Clusters network(NetworkRef network) {
    networks.add(network);
    return this;
  }

  /** Adds DaemonSets with names other than upstream's. */
  public Clusters others(OtherDaemonSet... all) {
    others.addAll(List.of(all));
    return this;
  }

  /** Adds subjects of ClusterRoleBinding flannel other than ours. */
  public Clusters subjects(BindingSubject... all) {
    subjects.addAll(List.of(all));
    return this;
  }

  /** Makes ClusterRoleBinding flannel refer to this role. */
  public Clusters otherRole(String role) {
    otherRole = Optional.of(role);
    return this;
  }

  /** Adds objects that this operator wrote. */
  public Clusters traces(OtherFlannels.Trace... all) {
    traces.addAll(List.of(all));
    return this;
  }

  public Clusters foreign(ForeignFlannel found) {
    foreign.add(found);
    return this;
  }

  public Clusters running(DesiredNetwork network) {
    return live(Networks.live(network, nodes.size()));
  }

  public Clusters live(LiveFlannel flannel) {
    live = Optional.of(flannel);
    return this;
  }

  public Clusters pods(FlannelPods all) {
    pods = all;
    return this;
  }

  public ClusterState state() {
    return new ClusterState(
        nodes,
        services,
        networks,
        live,
        foreign,
        pods,
        new OtherFlannels(others, subjects, otherRole, traces));
  }
}
