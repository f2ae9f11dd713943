package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Keeps of the pods of tasks on nodes what {@link TaskPod} reads: some kB of 10 to 100. */
final class TaskPodStore implements ItemStore<Pod> {
  private final Map<String, TaskPod> byKey = new ConcurrentHashMap<>();
  private final Clock clock;

  TaskPodStore(Clock clock) {
    this.clock = clock;
  }

  /** All of them. */
  Stream<TaskPod> pods() {
    return byKey.values().stream();
  }

  @Override
  public String getKey(Pod pod) {
    return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
  }

  @Override
  public @Nullable Pod put(String key, Pod pod) {
    TaskPod before = byKey.get(key);
    byKey.put(key, TaskPod.of(pod, before, clock.instant()));
    return pod(before);
  }

  @Override
  public @Nullable Pod remove(String key) {
    return pod(byKey.remove(key));
  }

  private static @Nullable Pod pod(@Nullable TaskPod kept) {
    return kept == null ? null : kept.pod();
  }

  @Override
  public Stream<String> keySet() {
    return byKey.keySet().stream();
  }

  @Override
  public Stream<Pod> values() {
    return byKey.values().stream().map(TaskPod::pod);
  }

  @Override
  public int size() {
    return byKey.size();
  }

  @Override
  public @Nullable Pod get(String key) {
    return pod(byKey.get(key));
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}
