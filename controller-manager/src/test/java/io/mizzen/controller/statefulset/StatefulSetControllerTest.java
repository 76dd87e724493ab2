// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.statefulset;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.ControllerContext;
import io.mizzen.testing.clock.VirtualClock;
import io.mizzen.testing.cluster.Faults;
import io.mizzen.testing.cluster.MemoryClient;
import io.mizzen.testing.cluster.MemoryCluster;
import io.mizzen.testing.cluster.MemoryInformers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The shell on a cluster in memory: a set of one pod whose claims go with the pods when it shrinks. */
class StatefulSetControllerTest {
    private static final ResourceType SETS = ResourceType.of(StatefulSet.class);
    private static final ResourceType PODS = ResourceType.of(Pod.class);
    private static final ResourceType CLAIMS = ResourceType.of(PersistentVolumeClaim.class);

    private final VirtualClock clock = new VirtualClock();
    private final MemoryCluster cluster = new MemoryCluster(clock, new Random(1));
    private final MemoryInformers informers = new MemoryInformers(cluster);
    private final List<String> events = new ArrayList<>();
    private final ControllerLoop<?> loop;
    private final String setUid;

    StatefulSetControllerTest() {
        ControllerContext context = new ControllerContext(
                new MemoryClient(cluster, Faults.NONE, List.of()),
                informers,
                clock,
                new Random(1),
                new SimpleMeterRegistry(),
                component -> (regarding, type, reason, message) -> events.add(reason + ": " + message),
                Runnable::run);
        loop = new StatefulSetController(context).loops().getFirst();
        setUid = create(SETS, """
                {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"namespace":"n","name":"db"},"spec":{
                 "replicas":1,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
                 "persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Delete"},
                 "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[]}},
                 "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{}}]}}""");
        pod(0, "Running");
        claim(0);
    }

    @Test
    void givesTheClaimToThePodThatItGoesWith() throws InterruptedException {
        String uid = pod(1, "Running");
        claim(1);
        informers.start();

        work();

        assertThat(owners(1)).containsExactly(uid);
        assertThat(events).contains("SuccessfulDelete: delete Pod db-1 in StatefulSet db successful");
    }

    @Test
    void givesAClaimOnlyToAPodThatIsThere() throws InterruptedException {
        pod(1, "Running");
        claim(1);
        informers.start();
        cluster.remove(PODS, new ObjectKey("n", "db-1"));

        work();

        assertThat(owners(1)).isEmpty();
    }

    @Test
    void givesAClaimNotToAPodThatCameAfter() throws InterruptedException {
        pod(1, "Running");
        claim(1);
        informers.start();
        cluster.remove(PODS, new ObjectKey("n", "db-1"));
        pod(1, "Pending");

        work();

        assertThat(owners(1)).isEmpty();
    }

    @Test
    void makesAClaimAgainThatWentBeforeItsPodCouldStart() throws InterruptedException {
        ObjectNode waiting = Json.object();
        waiting.putObject("status").put("phase", "Pending").putArray("conditions");
        cluster.patch(PODS, new ObjectKey("n", "db-0"), waiting, true);
        informers.start();
        work();
        assertThat(events).isEmpty();

        cluster.delete(CLAIMS, new ObjectKey("n", "data-db-0"), DeleteRequest.plain());
        while (!informers.behind().isEmpty()) {
            informers.behind().getFirst().deliver();
        }
        work();

        assertThat(cluster.find(CLAIMS, new ObjectKey("n", "data-db-0"))).isPresent();
        assertThat(events)
                .containsExactly("SuccessfulCreate: create Claim data-db-0 Pod db-0 in StatefulSet db success");
    }

    private void work() throws InterruptedException {
        while (loop.step()) {
            assertThat(events).hasSizeLessThan(10);
        }
    }

    private String pod(int ordinal, String phase) {
        return create(PODS, """
                {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"n","name":"db-%d","labels":{"app":"db"},
                 "ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db","uid":"%s","controller":true}]},
                 "spec":{"containers":[]},
                 "status":{"phase":"%s","conditions":[{"type":"Ready","status":"True"}]}}""".formatted(ordinal, setUid, phase));
    }

    private void claim(int ordinal) {
        assertThat(create(CLAIMS, """
                {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"namespace":"n","name":"data-db-%d"}}""".formatted(ordinal))).isNotEmpty();
    }

    private String create(ResourceType type, String json) {
        return cluster.create(type, (ObjectNode) Json.parse(json))
                .path("metadata")
                .path("uid")
                .asText();
    }

    private List<String> owners(int ordinal) {
        List<String> owners = new ArrayList<>();
        JsonNode claim =
                cluster.find(CLAIMS, new ObjectKey("n", "data-db-" + ordinal)).orElseThrow();
        claim.path("metadata")
                .path("ownerReferences")
                .forEach(owner -> owners.add(owner.path("uid").asText()));
        return owners;
    }
}
