// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.EtcdServer;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.NetworkNamespace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The same cluster with its objects in etcd, over TLS with client certificates. */
class EtcdClusterIT {
    private static NetworkNamespace network;
    private static EtcdServer etcd;
    private static Cluster cluster;

    @BeforeAll
    static void startsAClusterOnEtcd() throws Exception {
        network = NetworkNamespace.create();
        etcd = EtcdServer.start(network);
        List<String> flags = new ArrayList<>(List.of(etcd.flags()));
        flags.add(ExpiringEvents.TTL);
        cluster = Cluster.start(network, EtcdClusterIT.class, flags.toArray(String[]::new));
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
        if (etcd != null) {
            etcd.close();
        }
        network.close();
    }

    @Test
    void aDeploymentRunsHealsAndSurvivesTheServersDeath() throws Exception {
        Kubectl kubectl = cluster.kubectl();
        String program = "trap 'exit 0' TERM; sleep 3600 & wait";
        kubectl.ok(
                "create", "deployment", "web", "--image=" + Cluster.IMAGE, "--replicas=2", "--", "sh", "-c", program);
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(etcd.ctl(network, "get", "/registry/deployments/default/web", "--keys-only")
                        .requireOk()
                        .out())
                .startsWith("/registry/deployments/default/web");

        cluster.killServer();
        cluster.startServer();
        cluster.awaitReady();

        kubectl.ok("scale", "deployment/web", "--replicas=3");
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(kubectl.ok("get", "pods", "-l", "app=web", "--no-headers").lines())
                .hasSize(3)
                .allSatisfy(line -> assertThat(line).containsPattern(" 1/1 +Running +0 "));
        kubectl.ok("delete", "deployment", "web");
        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() ->
                        assertThat(kubectl.ok("get", "pods", "-o", "name")).isEmpty());
    }

    @Test
    void anEventIsKeptForItsTime() {
        ExpiringEvents.tell(cluster.kubectl());
    }

    @Test
    void nothingIsKeptInTheDataFolder() {
        assertThat(cluster.dataDir().resolve("db/CURRENT")).doesNotExist();
    }
}
