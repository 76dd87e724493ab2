// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Json;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.ControllerContext;
import io.mizzen.testing.clock.VirtualClock;
import io.mizzen.testing.cluster.Faults;
import io.mizzen.testing.cluster.MemoryClient;
import io.mizzen.testing.cluster.MemoryCluster;
import io.mizzen.testing.cluster.MemoryInformers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The shell on a cluster in memory whose first deletion fails. */
class CleanerControllerTest {
    private static final ResourceType REQUESTS = ResourceType.of(CertificateSigningRequest.class);

    private final VirtualClock clock = new VirtualClock();
    private final MemoryCluster cluster = new MemoryCluster(clock, new Random(1));
    private final MemoryInformers informers = new MemoryInformers(cluster);
    private final List<String> deletions = new ArrayList<>();
    private final ControllerLoop<?> loop;

    CleanerControllerTest() {
        Faults faults = (verb, resource) -> {
            deletions.add(verb);
            return deletions.size() == 1 ? Faults.Fate.LOST_REQUEST : Faults.Fate.NORMAL;
        };
        ControllerContext context = new ControllerContext(
                new MemoryClient(cluster, faults, List.of()),
                informers,
                clock,
                new Random(1),
                new SimpleMeterRegistry(),
                component -> (regarding, type, reason, message) -> {},
                Runnable::run);
        loop = new CleanerController(context).loops().getFirst();
    }

    @Test
    void goesOnWithTheOthersWhereOneCannotBeDeletedAndTriesThatOneAgain() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            request("old-" + i);
        }
        clock.advance(Duration.ofHours(25));
        request("new");
        informers.start();

        assertThat(loop.step()).isTrue();

        assertThat(deletions).hasSize(3);
        assertThat(cluster.list(REQUESTS)).hasSize(2);

        while (!informers.behind().isEmpty()) {
            informers.behind().getFirst().deliver();
        }
        clock.advance(Duration.ofSeconds(2));
        assertThat(loop.step()).isTrue();

        assertThat(cluster.list(REQUESTS))
                .extracting(request -> request.at("/metadata/name").asText())
                .containsExactly("new");
    }

    private void request(String name) {
        ObjectNode request = Json.object();
        request.put("apiVersion", REQUESTS.apiVersion()).put("kind", REQUESTS.kind());
        request.putObject("metadata").put("name", name);
        request.putObject("spec").put("signerName", "example.com/x");
        assertThat(cluster.create(REQUESTS, request).at("/metadata/uid").asText())
                .isNotEmpty();
    }
}
