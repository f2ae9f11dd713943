package io.flannel.operator.page;

import static io.flannel.operator.page.FakePage.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.browser.Chromium;
import io.flannel.operator.testing.browser.Tab;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The heat map with pointer, with keyboard, and as a table. */
class MeshViewIT {
  @RegisterExtension static final Chromium chromium = new Chromium();

  @RegisterExtension final FakePage page = new FakePage(chromium);

  @Test
  void threeNodesAreASquareOfColouredAndMarkedCells() {
    Tab tab = page.open(FakeNetwork.of(3).cutOff(2), "mesh");
    page.shows("#mesh-count", "3 nodes, 6 probed pairs: 4 tunnel lost, 2 passes");
    List<Integer> lost = colour(tab, 1, 0);
    List<Integer> passes = colour(tab, 2, 0);
    assertThat(lost).as("lost and passing differ in colour").isNotEqualTo(passes);
    assertThat(luminance(passes) - luminance(lost)).as("and in brightness").isGreaterThan(100);
    assertThat(mark(tab, 1, 0)).as("and in a mark").isNotEqualTo(lost);
    page.operator().has(FakeNetwork.of(3));
    page.shows("#mesh-count", "6 passes");
    eventually("healed", () -> assertThat(colour(tab, 1, 0)).isEqualTo(passes));
    tab.click("#mesh-measure label:nth-of-type(2)");
    page.shows("#mesh-legend", "to 0.5 ms");
    assertThat(colour(tab, 2, 0)).isNotEqualTo(passes);
    assertThat(tab.hash()).isEqualTo("#/default/mesh?measure=rtt");
  }

  @Test
  void theKeyboardWalksTheCellsAndSaysThem() {
    Tab tab = page.open(FakeNetwork.of(3).cutOff(2), "mesh");
    page.shows("#mesh-count", "6 probed pairs");
    tab.value("document.getElementById('mesh-map').focus()");
    tab.press("ArrowRight");
    page.shows(
        "#told", "node1 to node2: the node addresses answer, nothing passes through the tunnel");
    tab.press("ArrowRight");
    page.shows("#told", "node1 to node3: packets pass; 0 % lost, median");
    tab.press("n");
    page.shows("#told", "node2 to node1");
    assertThat(tab.text("#mesh-cell")).startsWith("node2 to node1: ");
    tab.press("Enter");
    page.shows("#path h2", "Packets do not pass");
    assertThat(tab.hash()).isEqualTo("#/default/path?from=node2&to=node1");
  }

  @Test
  void aClickLeadsToThePath() {
    Tab tab = page.open(FakeNetwork.of(3), "mesh");
    page.shows("#mesh-count", "6 probed pairs");
    var box =
        tab.value(
            "(({x, y}) => ({x,"
                + " y}))(document.getElementById('mesh-canvas').getBoundingClientRect())");
    int head = 5 * 7 + 12;
    tab.click(box.get("x").asDouble() + head + 64 * 2.5, box.get("y").asDouble() + head + 32);
    page.shows("#path h2", "Packets pass");
    assertThat(tab.hash()).isEqualTo("#/default/path?from=node1&to=node3");
  }

  @Test
  void theTableTellsTheWorst() {
    Tab tab = page.open(FakeNetwork.of(1000).cutOff(18), "mesh");
    page.shows("#mesh-count", "1,000 nodes, 16,000 probed pairs: 32 tunnel lost");
    assertThat(tab.count("#mesh-worst tbody tr")).isEqualTo(12);
    assertThat(tab.texts("#mesh-worst tbody tr"))
        .allSatisfy(row -> assertThat(row).contains("worker-0018", "tunnel lost", "100 %", "Path"));
    tab.click("#mesh-worst tbody a");
    page.shows("#path h2", "Packets do not pass");
  }

  @Test
  void aThousandNodesAreBandsThatFitTheWindow() {
    Tab tab = page.open(FakeNetwork.of(1000).cutOff(18), "mesh");
    page.shows("#mesh-count", "16,000 probed pairs");
    assertThat(tab.value("document.getElementById('mesh-canvas').clientWidth").asInt())
        .isBetween(900, 1280);
    assertThat(tab.value("document.getElementById('mesh-canvas').clientHeight").asInt())
        .isLessThan(1200);
    assertThat(tab.count("#mesh *")).as("cells are painted, not elements").isLessThan(400);
    tab.value("document.getElementById('mesh-map').focus()");
    tab.press("n", "n");
    page.shows("#told", "worker-0018");
    tab.press("Enter");
    eventually("a path", () -> assertThat(tab.hash()).contains("worker-0018"));
  }

  @Test
  void meshWithoutProbesSaysSo() {
    page.open(FakeNetwork.of(1), "mesh");
    page.shows("#mesh-worst", "have not reported yet, or there is but one node");
  }

  /** Returns a cell's colour near its corner, outside any mark. */
  private static List<Integer> colour(Tab tab, int column, int row) {
    return pixel(tab, column, row, 4);
  }

  /** Returns the colour in the cell's middle. */
  private static List<Integer> mark(Tab tab, int column, int row) {
    return pixel(tab, column, row, 31);
  }

  private static List<Integer> pixel(Tab tab, int column, int row, int inset) {
    int head = 5 * 7 + 12;
    var data =
        tab.value(
            """
            (() => {
              const pixel = new OffscreenCanvas(1, 1).getContext('2d');
              pixel.drawImage(document.getElementById('mesh-canvas'), -%d, -%d);
              return [...pixel.getImageData(0, 0, 1, 1).data];
            })()
            """
                .formatted(head + column * 64 + inset, head + row * 64 + inset));
    return List.of(data.get(0).asInt(), data.get(1).asInt(), data.get(2).asInt());
  }

  private static double luminance(List<Integer> colour) {
    return 0.2126 * colour.get(0) + 0.7152 * colour.get(1) + 0.0722 * colour.get(2);
  }
}
