package io.flannel.operator.page;

import static io.flannel.operator.page.FakePage.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.browser.Chromium;
import io.flannel.operator.testing.browser.Tab;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A thousand nodes: search, sorting and paging, with only one page's rows in the document. */
class NodesViewIT {
  private static final FakeNetwork NETWORK = FakeNetwork.of(1000).cutOff(18, 401);

  /** The columns in which the nodes differ. */
  private static final List<String> COLUMNS =
      List.of("subnet", "ip", "p50", "p99", "peers", "tunnel");

  @RegisterExtension static final Chromium chromium = new Chromium();

  @RegisterExtension final FakePage page = new FakePage(chromium);

  private Tab tab;

  @BeforeEach
  void open() {
    tab = page.open(NETWORK, "nodes");
    page.shows("#nodes-count", "1,000 nodes");
  }

  @Test
  void theWorstComeFirstAndAHundredAtATime() {
    assertThat(tab.count("#nodes-rows tr")).isEqualTo(100);
    assertThat(names()).startsWith("worker-0018", "worker-0401", "worker-0001");
    assertThat(tab.text("#nodes-rows tr"))
        .contains("Down", "EncapsulationBlocked", "10.244.4.128/26", "0/16", "4 min ago");
    assertThat(tab.text("#nodes-pages")).contains("1–100 of 1,000");
    tab.click("[aria-label='Next page']");
    assertThat(names()).startsWith("worker-0100");
    assertThat(tab.hash()).isEqualTo("#/default/nodes?page=2");
    assertThat(tab.count("#nodes-rows tr")).isEqualTo(100);
  }

  @Test
  void aSearchFindsByAnyWordAndIsSharedByTheAddress() {
    tab.click("#nodes-search").type("0401");
    page.shows("#nodes-count", "1 of 1,000 nodes");
    assertThat(names()).containsExactly("worker-0401");
    assertThat(tab.hash()).isEqualTo("#/default/nodes?q=0401");
    String shared = tab.value("location.href").asText();
    tab.open("about:blank").open(shared);
    page.shows("#nodes-count", "1 of 1,000 nodes");
    assertThat(tab.value("document.getElementById('nodes-search').value").asText())
        .isEqualTo("0401");
    tab.value("document.getElementById('nodes-search').select()");
    tab.type("encapsulation 192.168.2");
    page.shows("#nodes-count", "1 of 1,000 nodes");
    tab.type(" nothing");
    page.shows("#nodes-rows", "No node matches");
  }

  @Test
  void aStateIsChosenByTheKeyboard() {
    tab.click("#nodes-search").press("Tab", "ArrowRight");
    page.shows("#nodes-count", "2 of 1,000 nodes");
    assertThat(tab.hash()).isEqualTo("#/default/nodes?state=Down");
    assertThat(tab.texts("#nodes-states label"))
        .extracting(it -> it.replaceAll("\\s+", " ").trim())
        .containsExactly(
            "All 1,000", "Down 2", "Degraded 0", "Unknown 0", "Healthy 998", "No lease 0");
  }

  @Test
  void everyColumnSortsBothWays() {
    tab.value("document.querySelector('[data-column=name]').focus()");
    tab.press("Enter");
    assertThat(names()).startsWith("worker-0001", "worker-0002");
    assertThat(tab.attribute("th:has([data-column=name])", "aria-sort")).isEqualTo("ascending");
    assertThat(tab.attribute("th:has([data-column=tunnel])", "aria-sort")).isEmpty();
    tab.press("Enter");
    assertThat(names()).startsWith("worker-1000", "worker-0999");
    assertThat(tab.attribute("th:has([data-column=name])", "aria-sort")).isEqualTo("descending");
    assertThat(tab.value("document.activeElement.dataset.column").asText()).isEqualTo("name");
    for (String column : COLUMNS) {
      String button = "[data-column=%s]".formatted(column);
      tab.click(button);
      List<String> up = names();
      tab.click(button);
      assertThat(tab.attribute("th:has(%s)".formatted(button), "aria-sort"))
          .isEqualTo("descending");
      assertThat(names()).as(column).isNotEqualTo(up);
    }
  }

  @Test
  void numbersSortAsNumbersAndWhatIsMissingComesLast() {
    tab.click("[data-column=p99]");
    assertThat(tab.text("#nodes-rows tr td:nth-child(9)")).isEqualTo("1.0ms");
    tab.click("[data-column=p99]");
    assertThat(tab.text("#nodes-rows tr td:nth-child(9)")).isEqualTo("3.9ms");
    tab.value("location.hash = '#/default/nodes?sort=-p99&page=10'");
    eventually("the last page", () -> assertThat(names()).endsWith("worker-0018", "worker-0401"));
  }

  @Test
  void aNodeLeadsToItsPaths() {
    tab.click("#nodes-rows th a");
    page.shows("#path", "Choose two nodes");
    assertThat(tab.value("document.getElementById('path-from').value").asText())
        .isEqualTo("worker-0018");
  }

  private List<String> names() {
    return tab.texts("#nodes-rows th");
  }
}
