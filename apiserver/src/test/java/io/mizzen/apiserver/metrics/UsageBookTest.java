// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Texts of kubelets to usages over a window. */
class UsageBookTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private static String text(Instant at, String nodeCpu, String containerCpu) {
        long millis = at.toEpochMilli();
        return """
                # TYPE node_cpu_usage_seconds_total counter
                node_cpu_usage_seconds_total %s %d
                node_memory_working_set_bytes 1048576 %d
                container_cpu_usage_seconds_total{container="c",namespace="n",pod="p"} %s %d
                container_memory_working_set_bytes{container="c",namespace="n",pod="p"} 2048 %d
                nonsense here
                resource_scrape_error 0
                """.formatted(nodeCpu, millis, millis, containerCpu, millis, millis);
    }

    private static Map<String, NodeScrape> round(Instant at, String nodeCpu, String containerCpu) {
        return Map.of("node-1", NodeScrape.parse(text(at, nodeCpu, containerCpu), at));
    }

    @Test
    void tellsARateOnceThereAreTwoSamples() {
        UsageBook first = UsageBook.EMPTY.next(round(START, "100", "10"));

        assertThat(first.node("node-1")).isNull();
        assertThat(first.pod("n", "p")).isEmpty();

        UsageBook second = first.next(round(START.plusSeconds(15), "115", "11.5"));

        Usage node = second.node("node-1");
        assertThat(node).isNotNull();
        assertThat(node.cpu()).hasToString("1");
        assertThat(node.memory()).hasToString("1Mi");
        assertThat(node.windowText()).isEqualTo("15s");
        assertThat(second.pod("n", "p").get("c").cpu()).hasToString("100m");
        assertThat(second.pod("n", "p").get("c").memory()).hasToString("2Ki");
    }

    @Test
    void aSampleThatIsNotNewerChangesNothing() {
        UsageBook book = UsageBook.EMPTY
                .next(round(START, "100", "10"))
                .next(round(START.plusSeconds(10), "110", "11"))
                .next(round(START.plusSeconds(10), "110", "11"));

        assertThat(book.pod("n", "p").get("c").nanoCores()).isEqualTo(100_000_000);
    }

    @Test
    void aContainerThatBeganAnewIsUnknownUntilItsSecondSample() {
        UsageBook book =
                UsageBook.EMPTY.next(round(START, "100", "10")).next(round(START.plusSeconds(15), "115", "0.5"));

        assertThat(book.pod("n", "p")).isEmpty();
        assertThat(book.node("node-1")).isNotNull();
        assertThat(book.next(round(START.plusSeconds(30), "130", "2")).pod("n", "p"))
                .containsKey("c");
    }

    @Test
    void aNodeThatDoesNotAnswerIsForgotten() {
        UsageBook book = UsageBook.EMPTY
                .next(round(START, "100", "10"))
                .next(round(START.plusSeconds(15), "115", "11"))
                .next(Map.of());

        assertThat(book.node("node-1")).isNull();
        assertThat(book.pod("n", "p")).isEmpty();
    }

    @Test
    void aPodOfWhichOneFigureIsMissingIsLeftOut() {
        NodeScrape scrape = NodeScrape.parse(
                "container_cpu_usage_seconds_total{container=\"c\",namespace=\"n\",pod=\"p\"} 1 5\n"
                        + "container_memory_working_set_bytes{container=\"d\",namespace=\"n\",pod=\"q\"} NaN\n",
                START);

        assertThat(scrape.pods()).isEmpty();
        assertThat(scrape.node()).isNull();
    }

    @Test
    void writesWindowsAsGoDoes() {
        assertThat(new Usage(START, Duration.ofMillis(15_013), 0, 0).windowText())
                .isEqualTo("15.013s");
        assertThat(new Usage(START, Duration.ofMillis(90_500), 0, 0).windowText())
                .isEqualTo("1m30.5s");
    }
}
