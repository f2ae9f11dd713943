package io.flannel.operator.e2e;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;

/**
 * Starts the cluster that a class needs, in place of another one. Classes on the usual cluster come
 * last, since its audit log is read after all of them.
 */
public final class LabClusters implements ClassOrderer {
  private static final List<String> USUAL = words(3, 1, "ipv4");

  /** The words of the {@code up} that succeeded last in this process. */
  private static List<String> running = List.of();

  @Override
  public void orderClasses(ClassOrdererContext context) {
    context
        .getClassDescriptors()
        .sort(
            Comparator.comparing(
                it -> {
                  List<String> wanted = wanted(it.getTestClass());
                  return wanted.equals(USUAL) ? "-" : String.join(" ", wanted);
                },
                Comparator.reverseOrder()));
  }

  static void provide(Class<?> test) {
    List<String> wanted = wanted(test);
    if (wanted.equals(running)) {
      return;
    }
    String[] up = wanted.toArray(String[]::new);
    if (Lab.tryRun(up).code() != 0) {
      Lab.run("down");
      Lab.run(up);
    }
    running = wanted;
  }

  private static List<String> wanted(Class<?> test) {
    return Optional.ofNullable(test.getAnnotation(LabCluster.class))
        .map(it -> words(it.nodes(), it.racks(), it.families()))
        .orElse(USUAL);
  }

  private static List<String> words(int nodes, int racks, String families) {
    return List.of("up", "--nodes=" + nodes, "--racks=" + racks, "--" + families);
  }
}
