package io.flannel.operator.flannel.foreign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlanneldTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "flannel",
        "flannel:v0.28.10",
        "docker.io/flannel/flannel:v0.25.7",
        "ghcr.io/flannel-io/flannel:v0.28.10",
        "ghcr.io/flannel-io/flannel@sha256:0123456789abcdef",
        "ghcr.io/flannel-io/flannel:v0.28.10@sha256:0123456789abcdef",
        "quay.io/coreos/flannel:v0.12.0-amd64",
        "quay.io/coreos/flannel-arm64:v0.10.0",
        "ghcr.io/siderolabs/flannel:v0.26.1",
        "registry:5000/flannel",
        "registry.example.org:5000/net/flannel:v1",
        "rancher/hardened-flannel:v0.26.1-build20241107",
        "rancher/coreos-flannel:v0.15.1",
        "rancher/mirrored-coreos-flannel:v0.15.1",
        "rancher/mirrored-flannelcni-flannel:v0.19.2",
        "rancher/mirrored-flannel-io-flannel:v0.24.2",
        "sigwindowstools/flannel:v0.22.0-hostprocess"
      })
  void imagesOfFlannel(String image) {
    assertThat(Flanneld.isImage(image)).isTrue();
    assertThat(Flanneld.isRunBy(container(image, List.of(), List.of("--kube-subnet-mgr"))))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3",
        "rancher/mirrored-flannel-io-flannel-cni-plugin:v1.4.0",
        "rancher/mirrored-flannelcni-flannel-cni-plugin:v1.1.0",
        "rancher/flannel-cni:v0.3.0-rancher6",
        "example.org/flannel-operator:1.0",
        "flannel.example.org/agent:1.0",
        "example.org/flannel/exporter:1.0",
        "example.org/flanneled:1.0",
        "rancher/hardened-calico:v3.29.1"
      })
  void imagesOfSomethingElse(String image) {
    assertThat(Flanneld.isImage(image)).isFalse();
    assertThat(Flanneld.isRunBy(container(image, List.of(), List.of()))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.org/flannel-linux-arm64:1",
        "example.org/flannel.arm",
        "example.org/my_flanneld-windows-amd64",
      })
  void imagesForAPlatform(String image) {
    assertThat(Flanneld.isImage(image)).isTrue();
  }

  @Test
  void imageIsLookedAtByItsBeginning() {
    assertThat(Flanneld.isImage("flannel" + "-arm".repeat(100))).isTrue();
    assertThat(Flanneld.isImage("flannel" + "-arm".repeat(5_000))).isFalse();
    assertThat(Flanneld.isImage("x".repeat(1_000) + "/flannel")).isFalse();
  }

  @Test
  void whateverItsImageACommandTellsIt() {
    assertThat(starts("/opt/bin/flanneld", "--kube-subnet-mgr")).isTrue();
    assertThat(starts("flanneld")).isTrue();
    assertThat(starts("/bin/sh", "-c", "exec /opt/bin/flanneld --ip-masq")).isTrue();
    assertThat(starts("sh", "-ec", "set -e; cp a b\nIFACE=eth1 flanneld -iface $IFACE")).isTrue();
    assertThat(starts("bash", "-c", "if true; then \"/opt/bin/flanneld\"; fi")).isTrue();
    assertThat(starts("sh", "-c", "while true; do flanneld; sleep 1; done")).isTrue();
    assertThat(starts("sh", "-c", "sleep 1 & /opt/bin/flanneld 2>&1 & wait")).isTrue();
    assertThat(starts("/sbin/tini", "--", "flanneld")).isTrue();
    assertThat(starts("env", "A=b", "flanneld")).isTrue();
    assertThat(starts("/run.sh", "/opt/bin/flanneld")).isTrue();
    assertThat(starts("C:\\flannel\\flanneld.exe")).isTrue();
    assertThat(
            Flanneld.isRunBy(
                container("example.org/hyperkube", List.of(), List.of("/opt/bin/flanneld"))))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mirror/flannel-fips:1",
        "mirror/flannel-debian:1",
        "mirror/flannel-multiarch:1",
        "mirror/flannel-x86_64:1",
        "mirror/flannel0.27",
        "mirror/flannel-v0.27.4@sha256:00",
        "mirror/hardened-flannel-fips-arm64:1"
      })
  void imagesOfFlannelForAPlatformOrOnABase(String image) {
    assertThat(Flanneld.isRunBy(container(image, List.of(), List.of()))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.org/flannel-operator:0.27",
        "example.org/flannel-exporter-arm64:1",
        "example.org/flannel-cni-plugin-fips:1",
        "example.org/flannel-ui",
        "example.org/noflannel:1",
        "example.org/debian-arm64:1",
        "example.org/0.27",
        "-",
        "@"
      })
  void theSameOfSomethingElse(String image) {
    assertThat(Flanneld.isRunBy(container(image, List.of(), List.of()))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--kube-subnet-mgr", "-kube-subnet-mgr", "--kube-subnet-mgr=true"})
  void itsFlagTellsItWhateverTheImageIsCalled(String flag) {
    String image = "mirror/abc@sha256:00";
    assertThat(Flanneld.isRunBy(container(image, List.of(), List.of("--ip-masq", flag)))).isTrue();
    assertThat(starts("/entrypoint.sh", flag)).isTrue();
    assertThat(starts("sh", "-c", "A='--ip-masq " + flag + "'; exec $(cat /f) $A")).isTrue();
    assertThat(starts("sh", "-c", "export A=" + flag + "; /run $A")).isTrue();
    assertThat(starts("/exporter", "--filter=" + flag)).isFalse();
    assertThat(starts("sh", "-c", "pgrep -f -- " + flag + "; sleep 9")).isFalse();
    assertThat(starts("/exporter", flag.replace("=true", "") + "-mode")).isFalse();
  }

  @Test
  void soDoesItsEnvironment() {
    Container container = container("mirror/abc", List.of(), List.of());
    container.setEnv(List.of(new EnvVar("FLANNELD_KUBE_SUBNET_MGR", "true", null)));
    assertThat(Flanneld.isRunBy(container)).isTrue();
    container.setCommand(List.of("sleep", "infinity"));
    assertThat(Flanneld.isRunBy(container)).isFalse();
  }

  @Test
  void itsPathInTheTextTellsIt() {
    assertThat(starts("sh", "-c", "F=/opt/bin/flanneld; exec $F --ip-masq")).isTrue();
    assertThat(starts("sh", "-c", "export F=\"/opt/bin/flanneld\"; exec $F")).isTrue();
    assertThat(starts("sh", "-c", "if x; then readonly F=/opt/bin/flanneld; fi; $F")).isTrue();
    assertThat(starts("python3", "-c", "import os; os.execv('/opt/bin/flanneld', [])")).isTrue();
    assertThat(starts("env", "-S", "/opt/bin/flanneld --ip-masq")).isTrue();
    assertThat(starts("tini", "--", "sh", "-c", "F=/opt/bin/flanneld; exec $F")).isTrue();
  }

  @Test
  void itIsReadInLinearTime() {
    for (String unit :
        List.of(
            "-arm",
            "flannel-",
            "F=",
            "/",
            "--",
            "a;",
            "'",
            "@:",
            "sh ",
            "env ",
            "echo \";",
            "env echo ';",
            "# ")) {
      String text = unit.repeat(100_000);
      List<String> rest = List.of(text, "=" + text);
      for (String first : List.of("sh", "/any", "env")) {
        assertTimeoutPreemptively(
            Duration.ofSeconds(10),
            () -> Flanneld.isToldTo(container(text, List.of(first), rest)),
            unit);
      }
    }
  }

  @Test
  void speakingOfItIsNotRunningIt() {
    assertThat(starts("sh", "-c", "LOG=/var/log/flanneld; tail -f $LOG")).isFalse();
    assertThat(starts("sh", "-c", "cp /opt/bin/flanneld /host/opt/bin/; sleep 9")).isFalse();
    assertThat(starts("sh", "-c", "install -m755 /opt/bin/flanneld /host/bin/")).isFalse();
    assertThat(starts("tini", "--", "sh", "-c", "pkill -f /opt/bin/flanneld")).isFalse();
    assertThat(starts("cp", "-f", "/flannel", "/opt/cni/bin/flannel")).isFalse();
    assertThat(starts("cp", "/opt/bin/flanneld", "/host/opt/bin/flanneld")).isFalse();
    assertThat(starts("/exporter", "--process", "flanneld")).isFalse();
    assertThat(starts("/exporter", "--log=/var/log/flanneld")).isFalse();
    assertThat(starts("sh", "-c", "while pgrep flanneld; do sleep 1; done")).isFalse();
    assertThat(starts("sh", "-c", "echo flanneld; pkill -f flanneld; sleep infinity")).isFalse();
    assertThat(starts("tail", "-f", "/var/log/flanneld")).isFalse();
    assertThat(starts("sleep", "infinity")).isFalse();
  }

  @Test
  void flanneldIsSeenThroughAnotherProgramThatStartsIt() {
    assertThat(starts("timeout", "5", "pgrep", "flanneld")).isFalse();
    assertThat(starts("stat", "/opt/bin/flanneld")).isFalse();
    assertThat(starts("nsenter", "-t", "1", "-m", "--", "stat", "/opt/bin/flanneld")).isFalse();
    assertThat(starts("chroot", "/host", "systemctl", "disable", "flanneld")).isFalse();
    assertThat(
            starts(
                "sh", "-c", "nsenter -t 1 -m -- systemctl disable --now flanneld; sleep infinity"))
        .isFalse();
    assertThat(starts("sh", "-c", "pidof flanneld | xargs kill; sleep infinity")).isFalse();
    assertThat(starts("sh", "-c", "sh -c 'timeout 5 pgrep -f /opt/bin/flanneld'")).isFalse();
    assertThat(starts("nice", "-n", "5", "timeout", "9", "flanneld", "--ip-masq")).isTrue();
    assertThat(starts("sh", "-c", "nsenter -t 1 -m -- /opt/bin/flanneld")).isTrue();
    assertThat(starts("sh", "-c", "sh -c 'A=b exec flanneld'")).isTrue();
    assertThat(starts("env", "F=/opt/bin/flanneld", "sh", "-c", "exec $F")).isTrue();
    assertThat(starts("env", "F=/opt/bin/flanneld", "timeout", "5", "/run.sh")).isTrue();
    assertThat(starts("timeout", "5", "/run.sh", "--kube-subnet-mgr")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ps aux | grep -E 'calico-node|flanneld'; sleep 9",
        "timeout 5 pgrep -f 'kube-proxy|flanneld'",
        "until [ -f /x ]; do echo \"waiting (flanneld not up yet)\"; sleep 1; done",
        "rm -rf \\\n /etc/cni/net.d/x \\\n /opt/bin/flanneld",
        "# remove the old /opt/bin/flanneld\nrm -f /x",
        "true # it isn't there; flanneld wrote it",
        "if [[ -x /opt/bin/flanneld ]]; then echo old; fi",
        "CONF=/etc/sysconfig/flanneld; cat $CONF",
        "echo \"it's up; flanneld\" >&2; sleep 9"
      })
  void scriptsThatMentionIt(String script) {
    assertThat(starts("sh", "-c", script)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "echo 'a; b'; /opt/bin/flanneld",
        "echo it 2>&1 & flanneld",
        "bash -c \"cp a b; exec flanneld\"",
        "bash -c 'cp a b && sh -c \"exec flanneld\"'",
        "\"/opt/bin\"/flanneld --ip-masq",
        "echo a # it's b\nflanneld",
        "nice -n 5 /opt/flannel.sh --kube-subnet-mgr >/var/log/file",
        "chroot /srv/test /opt/bin/flanneld",
        "gosu service flanneld"
      })
  void scriptsThatStartIt(String script) {
    assertThat(starts("sh", "-c", script)).isTrue();
  }

  @Test
  void aFlagBehindAWrapperCountsWhateverFollows() {
    assertThat(starts("tini", "--", "/entrypoint.sh", "--kube-subnet-mgr", "true")).isTrue();
    assertThat(starts("tini", "--", "/run.sh", "--kube-subnet-mgr", "--shell", "/bin/sh")).isTrue();
    assertThat(starts("chroot", "/srv/test", "/opt/bin/flanneld")).isTrue();
  }

  @Test
  void flannelsImageThatOnlyWaitsOrCopiesRunsNone() {
    String image = "ghcr.io/flannel-io/flannel:v0.28.10";
    assertThat(Flanneld.isRunBy(container(image, List.of("sleep"), List.of("infinity")))).isFalse();
    assertThat(
            Flanneld.isRunBy(
                container(image, List.of("sh", "-c"), List.of("cp -f a b && sleep infinity"))))
        .isFalse();
    assertThat(Flanneld.isRunBy(container(image, List.of("/opt/bin/install-conf"), List.of())))
        .isFalse();
    assertThat(
            Flanneld.isRunBy(
                container(image, List.of("tini", "--", "sh"), List.of("-c", "A=b; sleep 9"))))
        .isFalse();
    // An unknown script may start flanneld.
    assertThat(
            Flanneld.isRunBy(
                container(image, List.of("tini", "--"), List.of("/entrypoint.sh", "service"))))
        .isTrue();
    assertThat(Flanneld.isRunBy(container(image, List.of("/scripts/run.sh"), List.of()))).isTrue();
    assertThat(Flanneld.isRunBy(container(image, List.of("sh", "-c"), List.of("/run.sh"))))
        .isTrue();
  }

  private static boolean starts(String... line) {
    List<String> words = List.of(line);
    return Flanneld.isRunBy(
        container("example.org/other:1", words.subList(0, 1), words.subList(1, words.size())));
  }

  private static Container container(String image, List<String> command, List<String> args) {
    return new ContainerBuilder()
        .withName("any")
        .withImage(image)
        .withCommand(command)
        .withArgs(args)
        .build();
  }
}
