package io.flannel.operator.e2e;

import io.flannel.operator.bench.Figures;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Measures the time from a fault to its reason in the status, and from healing until everything is
 * healthy. Every fault of the lab is repeated; those that both backends have are split between
 * them. Needs the lab's cluster of three nodes.
 */
public final class FaultBench {
  private static final int RUNS = Integer.getInteger("bench.fault.runs", 5);
  private static final String ALL = ".*";
  private static final List<Integer> NODES = List.of(1, 2, 3);

  private final String selection;
  private final List<FaultRun.Result> results = new ArrayList<>();
  private int failures;

  private FaultBench(String selection) {
    this.selection = selection;
  }

  /**
   * @param args a regular expression for the names of the faults to run; figures are only written
   *     if it is {@link #ALL}
   */
  public static void main(String[] args) throws IOException {
    new FaultBench(args[0]).run();
  }

  private void run() throws IOException {
    InstalledOperator.install();
    Network.becomes("{type: ipip}");
    TestPods.start(NODES);
    runAll("ipip", "vxlan", (RUNS + 1) / 2);
    Network.becomes("{type: vxlan}");
    TestPods.restart(NODES);
    runAll("vxlan", "ipip", RUNS / 2);
    Figures figures = new Figures();
    figures.addWorst("fault_to_reason_max_s", "s", "10", seconds(FaultRun.Result::toReason));
    figures.addWorst("heal_to_healthy_max_s", "s", "20", seconds(FaultRun.Result::toHealthy));
    if (failures > 0) {
      throw new AssertionError(
          failures + " runs, see above, have no figure; so that no worst one is known");
    }
    if (selection.equals(ALL)) {
      figures.write();
    }
  }

  /**
   * Runs the faults in turn, several times.
   *
   * @param common how often to run those that the other backend has too
   */
  private void runAll(String backend, String other, int common) {
    List<String> elsewhere = TunnelFault.of(other).stream().map(TunnelFault::toString).toList();
    for (int run = 1; run <= RUNS; run++) {
      for (TunnelFault fault : TunnelFault.of(backend)) {
        if (fault.name().matches(selection)
            && (run <= common || !elsewhere.contains(fault.toString()))) {
          System.out.printf("%-5s %d  %s%n", backend, run, measured(fault));
        }
      }
    }
  }

  private Object measured(TunnelFault fault) {
    try {
      FaultRun.Result result = FaultRun.measure(fault);
      results.add(result);
      return result;
    } catch (AssertionError e) {
      failures++;
      return e.getMessage();
    }
  }

  private Map<String, double[]> seconds(Function<FaultRun.Result, Duration> figure) {
    return results.stream()
        .collect(
            Collectors.groupingBy(
                result -> result.fault().toString(),
                Collectors.collectingAndThen(
                    Collectors.toList(),
                    runs ->
                        runs.stream()
                            .mapToDouble(run -> figure.apply(run).toMillis() / 1e3)
                            .toArray())));
  }
}
