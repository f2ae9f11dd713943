package io.flannel.operator.web;

import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import io.flannel.operator.report.view.Replica;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** One network, without nodes. */
final class MadeUpNetworks implements io.flannel.operator.report.view.Networks {
  private final FlannelNetworkSpec spec =
      Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}");
  final AtomicInteger waiting = new AtomicInteger();
  volatile CountDownLatch finding = new CountDownLatch(0);
  volatile String leader = "a";
  volatile long generation = 1;
  volatile boolean gone;
  volatile int read;
  volatile int asked;

  @Override
  public Replica replica() {
    return new Replica("1", "a", Optional.ofNullable(leader));
  }

  @Override
  public List<String> names() {
    return List.of("default");
  }

  @Override
  public Optional<ObservedNetwork> find(String name) {
    waiting.incrementAndGet();
    try {
      finding.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return found(name);
  }

  private synchronized Optional<ObservedNetwork> found(String name) {
    read++;
    return gone || !name.equals("default")
        ? Optional.empty()
        : Optional.of(
            new ObservedNetwork(name, generation, false, spec, Optional.empty(), Optional.empty()));
  }

  @Override
  public synchronized Optional<String> revision(String name) {
    asked++;
    return gone ? Optional.empty() : Optional.of(Long.toString(generation));
  }
}
