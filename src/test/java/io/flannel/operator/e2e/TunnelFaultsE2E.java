package io.flannel.operator.e2e;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Each fault that the lab can inject: its reason appears in the status, for the right node or pair
 * and without any other problem, and goes away when the fault is healed.
 */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
@Tag("slow")
class TunnelFaultsE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);

  @TestFactory
  @Order(1)
  Stream<DynamicTest> ipip() {
    return faultsOf("ipip");
  }

  @TestFactory
  @Order(2)
  Stream<DynamicTest> vxlan() {
    return faultsOf("vxlan");
  }

  private static Stream<DynamicTest> faultsOf(String backend) {
    Network.becomes("{type: %s}".formatted(backend));
    TestPods.restart(NODES);
    return TunnelFault.of(backend).stream()
        .filter(fault -> fault.name().matches(System.getProperty("e2e.faults", ".*")))
        .map(fault -> DynamicTest.dynamicTest(fault.toString(), () -> FaultRun.check(fault)));
  }
}
