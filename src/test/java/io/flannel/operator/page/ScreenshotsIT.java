package io.flannel.operator.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.browser.Chromium;
import io.flannel.operator.testing.browser.Tab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Makes the pictures of docs/page.md, for {@code make screenshots}. */
@EnabledIfSystemProperty(named = "screenshots", matches = ".+")
class ScreenshotsIT {
  private static final long MOST_BYTES = 150_000;

  @RegisterExtension static final Chromium chromium = new Chromium();

  @RegisterExtension final FakePage page = new FakePage(chromium);

  @ParameterizedTest
  @CsvSource({
    "overview-light, light, 3, 0, overview, Accepted, 1280, 860",
    "overview-dark, dark, 3, 2, overview, node2, 1280, 860",
    "nodes-1000-light, light, 1000, 18, nodes, worker-0018, 1280, 700",
    "mesh-3-dark, dark, 3, 2, mesh, node2, 1280, 680",
    "mesh-1000-light, light, 1000, 18, mesh, worker-0018, 1280, 1000",
    "path-broken-light, light, 3, 2, path?from=node1&to=node2, node2, 1280, 1170",
    "path-phone-dark, dark, 3, 2, path?from=node1&to=node2, node2, 390, 844",
  })
  void picture(
      String name,
      String scheme,
      int nodes,
      int cut,
      String view,
      String words,
      int width,
      int height)
      throws IOException {
    FakeNetwork network = FakeNetwork.of(nodes);
    Tab tab = page.tab().size(width, height).prefers(scheme, "reduce");
    page.open(cut == 0 ? network : network.cutOff(cut), view);
    page.shows("main > section:not([hidden])", words);
    Path file = Path.of(System.getProperty("screenshots"), "page-" + name + ".png");
    tab.picture(file);
    assertThat(Files.size(file)).as(name).isLessThan(MOST_BYTES);
  }
}
