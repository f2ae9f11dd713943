package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.agent.checks.ReadResult.Absent;
import io.flannel.operator.agent.checks.ReadResult.Failed;
import io.flannel.operator.agent.checks.ReadResult.Read;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostFilesTest {
  @TempDir Path root;

  @Test
  void subnetEnvAsFlannelWritesIt() throws IOException {
    write(
        "run/subnet.env",
        """
        FLANNEL_NETWORK=10.244.0.0/16
        FLANNEL_SUBNET=10.244.1.1/24
        FLANNEL_MTU=1450
        FLANNEL_IPMASQ=true
        """);
    assertThat(files().subnetEnv())
        .isEqualTo(
            new Read<>(
                new SubnetEnv(
                    Map.of(
                        "FLANNEL_NETWORK", "10.244.0.0/16",
                        "FLANNEL_SUBNET", "10.244.1.1/24",
                        "FLANNEL_MTU", "1450",
                        "FLANNEL_IPMASQ", "true"))));
  }

  @Test
  void missingFileIsAbsent() {
    assertThat(files().subnetEnv()).isInstanceOf(Absent.class);
    assertThat(files().cniConfig()).isInstanceOf(Absent.class);
    assertThat(files().sysctls(List.of("all")).ipForward()).isInstanceOf(Absent.class);
    assertThat(files().sysctls(List.of("all")).rpFilter()).isEmpty();
    assertThat(files().counters().udpChecksumErrors()).isInstanceOf(Absent.class);
  }

  @Test
  void aDirectoryInAFilesPlaceCannotBeRead() throws IOException {
    Files.createDirectories(root.resolve("run/subnet.env"));
    assertThat(files().subnetEnv()).isInstanceOf(Failed.class);
  }

  @Test
  void theMtusOfABridgesPorts() throws IOException {
    assertThat(files().portMtus("cni0")).isInstanceOf(Absent.class);
    write("net/cni0/brif/veth1/state", "3");
    write("net/cni0/brif/veth2/state", "3");
    write("net/cni0/brif/gone/state", "3");
    write("net/veth1/mtu", "1450\n");
    write("net/veth2/mtu", "1480\n");
    write("net/eth0/mtu", "1500\n");
    assertThat(files().portMtus("cni0").value().orElseThrow())
        .containsExactlyInAnyOrder(1450, 1480);
  }

  @Test
  void theCniConfiguration() throws IOException {
    write("cni/10-flannel.conflist", "{}");
    assertThat(files().cniConfig().value())
        .hasValueSatisfying(path -> assertThat(path).endsWith("cni/10-flannel.conflist"));
  }

  @Test
  void settings() throws IOException {
    write("proc/sys/net/ipv4/ip_forward", "1\n");
    write("proc/sys/net/ipv6/conf/all/forwarding", "yes\n");
    write("proc/sys/net/ipv4/conf/all/rp_filter", "0\n");
    write("proc/sys/net/ipv4/conf/flannel.1/rp_filter", "2\n");
    write("proc/sys/net/ipv4/rp_filter", "1\n");

    KernelState.Sysctls sysctls =
        files().sysctls(List.of("all", "flannel.1", "..", "../conf", "eth9"));

    assertThat(sysctls.ipForward()).isEqualTo(new Read<>(1));
    assertThat(sysctls.ipv6Forwarding()).isInstanceOf(Failed.class);
    assertThat(sysctls.rpFilter()).isEqualTo(Map.of("all", 0, "flannel.1", 2));
  }

  @Test
  void thisKernelsOwnCounters() {
    var proc = new HostFiles(Path.of("/proc"), Path.of("/sys/class/net"), root, root);
    assertThat(proc.counters().udpChecksumErrors()).isInstanceOf(Read.class);
    assertThat(proc.counters().reversePathDrops()).isInstanceOf(Read.class);
    assertThat(proc.sysctls(List.of("all", "lo")).ipForward()).isInstanceOf(Read.class);
    assertThat(proc.sysctls(List.of("all", "lo")).rpFilter()).containsOnlyKeys("all", "lo");
  }

  @Test
  void aCounterIsFoundByItsName() {
    String snmp = "Udp: InDatagrams InCsumErrors\nUdp: 5 3\nUdpLite: InCsumErrors\nUdpLite: 9\n";
    assertThat(HostFiles.counterIn(snmp, "Udp", "InCsumErrors")).isEqualTo(new Read<>(3L));
    assertThat(HostFiles.counterIn(snmp, "Udp", "MemErrors")).isInstanceOf(Absent.class);
    assertThat(HostFiles.counterIn("Udp: InCsumErrors\nUdp: -1\n", "Udp", "InCsumErrors"))
        .isInstanceOf(Absent.class);
  }

  private HostFiles files() {
    return new HostFiles(
        root.resolve("proc"), root.resolve("net"), root.resolve("run"), root.resolve("cni"));
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
