// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.ControlPlane;
import io.mizzen.e2e.cluster.EtcdServer;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.NetworkNamespace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Three members of etcd and two of everything else. One of each is killed while a Deployment is scaled and clients write to
 * both API servers: nothing that was acknowledged is lost, no pod is bound twice, and work goes on.
 */
class HighAvailabilityIT {
    /** The lease's 15 s, and what a busy machine needs to notice. */
    private static final Duration TAKE_OVER = Duration.ofSeconds(20);

    private static final Duration CONVERGED = Duration.ofSeconds(60);

    private static NetworkNamespace network;
    private static EtcdServer etcd;
    private static ControlPlane plane;

    @BeforeAll
    static void startsTwoOfEverythingOnThreeMembers() throws Exception {
        network = NetworkNamespace.create();
        etcd = EtcdServer.start(network, 3);
        plane = ControlPlane.start(network, etcd, HighAvailabilityIT.class);
    }

    @AfterAll
    static void removesAll() throws Exception {
        if (plane != null) {
            plane.close();
        }
        if (etcd != null) {
            etcd.close();
        }
        network.close();
    }

    @Test
    void whatIsLeftGoesOnWhenOneOfEachIsKilled() throws Exception {
        Kubectl kubectl = plane.kubectl(2);
        String program = "trap 'exit 0' TERM; sleep 3600 & wait";
        kubectl.ok(
                "create", "deployment", "web", "--image=" + Cluster.IMAGE, "--replicas=2", "--", "sh", "-c", program);
        assertThat(plane.leader("kube-scheduler")).isEqualTo("scheduler-1");
        assertThat(plane.leader("kube-controller-manager")).isEqualTo("controller-manager-1");
        assertThat(serversOfTheService()).containsExactly("6443", "6444");

        try (Bindings bindings = new Bindings(plane.client(2));
                Writer first = new Writer(1);
                Writer second = new Writer(2)) {
            scaleTo(4);

            int member = etcd.killLeader(network);
            scaleTo(3);
            first.awaitMore();
            second.awaitMore();

            plane.kill("apiserver-1");
            Kubectl.within(TAKE_OVER)
                    .until(() -> plane.leader("kube-scheduler").equals("scheduler-2")
                            && plane.leader("kube-controller-manager").equals("controller-manager-2"));
            scaleTo(5);
            assertThat(plane.logged("scheduler-1", "stopped leading")).isTrue();
            assertThat(plane.logged("controller-manager-1", "stopped leading")).isTrue();
            Kubectl.within(TAKE_OVER).until(() -> serversOfTheService().equals(List.of("6444")));

            plane.startApiServer(1);
            plane.awaitServer(1);
            first.awaitMore();

            plane.kill("scheduler-2");
            plane.kill("controller-manager-2");
            kubectl.ok("scale", "deployment/web", "--replicas=6");
            Kubectl.within(TAKE_OVER)
                    .until(() -> plane.leader("kube-scheduler").equals("scheduler-1")
                            && plane.leader("kube-controller-manager").equals("controller-manager-1"));
            scaleTo(6);
            scaleTo(2);

            first.close();
            second.close();
            assertThat(first.acknowledged).as("writes to the first").isNotEmpty();
            for (int server : new int[] {1, 2}) {
                Set<String> stored = configMaps(server);
                assertThat(stored)
                        .as("API server " + server + " after the death of etcd member " + member)
                        .containsAll(first.acknowledged)
                        .containsAll(second.acknowledged);
            }
            bindings.assertEachPodWasBoundOnce();
        }
        assertThat(serversOfTheService()).containsExactly("6443", "6444");
    }

    private static void scaleTo(int replicas) {
        Kubectl kubectl = plane.kubectl(2);
        kubectl.ok("scale", "deployment/web", "--replicas=" + replicas);
        Kubectl.within(CONVERGED).until(() -> {
            List<String> pods = kubectl.ok("get", "pods", "-l", "app=web", "--no-headers")
                    .lines()
                    .toList();
            return pods.size() == replicas && pods.stream().allMatch(line -> line.matches(".* 1/1 +Running .*"));
        });
    }

    private static List<String> serversOfTheService() {
        String ports = plane.kubectl(2).find("endpoints/kubernetes", ".subsets[*].ports[*].port");
        return List.of(ports.split(" "));
    }

    private static Set<String> configMaps(int server) {
        try (KubernetesClient client = plane.client(server)) {
            return client.configMaps().inNamespace("default").list().getItems().stream()
                    .map(map -> map.getMetadata().getName())
                    .collect(Collectors.toSet());
        }
    }

    /** Creates one object after another on one API server and notes those that it said are there. */
    private static final class Writer implements AutoCloseable {
        private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        private final KubernetesClient client;
        private final CountDownLatch stop = new CountDownLatch(1);
        private final Thread thread;

        Writer(int server) {
            client = plane.client(server);
            thread = Thread.ofVirtual().name("writer-" + server).start(() -> write(server));
        }

        private void write(int server) {
            try {
                for (int number = 0; !stop.await(20, TimeUnit.MILLISECONDS); number++) {
                    String name = "written-" + server + "-" + number;
                    try {
                        client.resource(new ConfigMapBuilder()
                                        .withNewMetadata()
                                        .withNamespace("default")
                                        .withName(name)
                                        .endMetadata()
                                        .build())
                                .create();
                        acknowledged.add(name);
                    } catch (KubernetesClientException notAcknowledged) {
                        assertThat(notAcknowledged.getCode()).isNotEqualTo(409);
                    }
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        }

        void awaitMore() {
            int before = acknowledged.size();
            Kubectl.within(CONVERGED).until(() -> acknowledged.size() > before + 5);
        }

        @Override
        public void close() throws InterruptedException {
            stop.countDown();
            assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
            client.close();
        }
    }

    /** Every node that every pod was ever seen on. */
    private static final class Bindings implements Watcher<Pod>, AutoCloseable {
        private final Map<String, Set<String>> nodes = new ConcurrentHashMap<>();
        private final List<String> errors = new ArrayList<>();
        private final KubernetesClient client;

        Bindings(KubernetesClient client) {
            this.client = client;
            client.pods().inNamespace("default").watch(this);
        }

        @Override
        public void eventReceived(Action action, Pod pod) {
            String node = pod.getSpec().getNodeName();
            if (node != null) {
                nodes.computeIfAbsent(pod.getMetadata().getUid(), uid -> ConcurrentHashMap.newKeySet())
                        .add(node);
            } else if (nodes.containsKey(pod.getMetadata().getUid())) {
                nodes.get(pod.getMetadata().getUid()).add("none any more");
            }
        }

        @Override
        public void onClose(WatcherException cause) {
            errors.add(cause.getMessage());
        }

        void assertEachPodWasBoundOnce() {
            assertThat(errors).as("the watch on the API server that lives").isEmpty();
            assertThat(nodes.size()).as("pods seen").isGreaterThanOrEqualTo(7);
            assertThat(nodes.values()).allSatisfy(seen -> assertThat(seen).containsExactly("node-1"));
            Set<String> bound = new HashSet<>();
            for (Event event :
                    client.v1().events().inNamespace("default").list().getItems()) {
                if ("Scheduled".equals(event.getReason())) {
                    assertThat(bound.add(event.getInvolvedObject().getUid()))
                            .as("one binding of " + event.getInvolvedObject().getName())
                            .isTrue();
                }
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
