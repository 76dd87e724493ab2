// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeScrapeTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static Instant timeOf(String stamp) {
        String text = "node_cpu_usage_seconds_total 12.5 " + stamp + "\nnode_memory_working_set_bytes 1024\n";
        return Objects.requireNonNull(NodeScrape.parse(text, NOW).node()).time();
    }

    @Test
    void takesTheNodesOwnTime() {
        Instant told = NOW.minus(Duration.ofSeconds(3));

        assertThat(timeOf(Long.toString(told.toEpochMilli()))).isEqualTo(told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-9000000000000000", "99999999999999999999", "0"})
    void aTimeThatIsFarOffIsReplacedByOurs(String stamp) {
        assertThat(timeOf(stamp)).isEqualTo(NOW);
    }

    @Test
    void passesOverWhatItDoesNotUnderstand() {
        NodeScrape scrape = NodeScrape.parse("# HELP x\nnonsense\nnode_cpu_usage_seconds_total much\n", NOW);

        assertThat(scrape.node()).isNull();
        assertThat(scrape.pods()).isEqualTo(Map.of());
    }
}
