// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.loadbalancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.mizzen.client.ObjectKey;
import io.mizzen.controller.loadbalancer.LoadBalancerPlan.Decision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadBalancerPlanTest {
    private static final AddressPool POOL = AddressPool.parse("192.0.2.8/30, 192.0.2.20-192.0.2.21");

    @Test
    void givesTheFirstAddressThatNobodyHas() {
        Map<String, ObjectKey> taken = new HashMap<>(Map.of("192.0.2.9", new ObjectKey("default", "a")));

        assertThat(LoadBalancerPlan.fromPool(service("b", 1), POOL, taken)).isEqualTo(addresses("192.0.2.10"));
    }

    @Test
    void leavesAServiceTheAddressItHas() {
        Service service = having(service("a", 1), "192.0.2.21");

        assertThat(LoadBalancerPlan.fromPool(service, POOL, Map.of())).isEqualTo(addresses("192.0.2.21"));
    }

    @Test
    void movesAServiceWhoseAddressLeftThePoolOrIsAnothers() {
        Map<String, ObjectKey> taken = Map.of("192.0.2.21", new ObjectKey("default", "a"));

        assertThat(LoadBalancerPlan.fromPool(having(service("b", 1), "192.0.2.99"), POOL, Map.of()))
                .isEqualTo(addresses("192.0.2.9"));
        assertThat(LoadBalancerPlan.fromPool(having(service("b", 1), "192.0.2.21"), POOL, taken))
                .isEqualTo(addresses("192.0.2.9"));
    }

    @Test
    void givesTheAddressThatIsAskedForOrNone() {
        Service service = service("a", 1);
        service.getSpec().setLoadBalancerIP("192.0.2.20");
        Map<String, ObjectKey> taken = Map.of("192.0.2.20", new ObjectKey("default", "b"));

        assertThat(LoadBalancerPlan.fromPool(service, POOL, Map.of())).isEqualTo(addresses("192.0.2.20"));
        assertThat(LoadBalancerPlan.fromPool(service, POOL, taken))
                .isEqualTo(new Decision.None("address 192.0.2.20 belongs to Service default/b"));
        service.getSpec().setLoadBalancerIP("203.0.113.1");
        assertThat(LoadBalancerPlan.fromPool(service, POOL, Map.of())).isInstanceOf(Decision.None.class);
    }

    @Test
    void saysWhenThePoolIsEmptied() {
        Map<String, ObjectKey> taken = new HashMap<>();
        for (String ip : List.of("192.0.2.9", "192.0.2.10", "192.0.2.20", "192.0.2.21")) {
            taken.put(ip, new ObjectKey("default", "x" + ip));
        }

        assertThat(LoadBalancerPlan.fromPool(service("b", 1), POOL, taken)).isInstanceOf(Decision.None.class);
    }

    @Test
    void givesTheAddressesOfReadyNodesWhereThereIsNoPool() {
        List<Node> nodes = List.of(
                node("n2", "10.0.0.2", "True"), node("n1", "10.0.0.1", "True"), node("n3", "10.0.0.3", "False"));

        assertThat(LoadBalancerPlan.fromNodes(service("a", 1), List.of(), nodes))
                .isEqualTo(addresses("10.0.0.1", "10.0.0.2"));
    }

    @Test
    void leavesAPortOfTheNodesToTheOlderService() {
        Service older = service("z", 1);
        Service younger = service("a", 2);
        List<Node> nodes = List.of(node("n1", "10.0.0.1", "True"));

        assertThat(LoadBalancerPlan.fromNodes(younger, List.of(older, younger), nodes))
                .isInstanceOf(Decision.None.class);
        assertThat(LoadBalancerPlan.fromNodes(older, List.of(older, younger), nodes))
                .isEqualTo(addresses("10.0.0.1"));
    }

    @Test
    void caresOnlyForServicesWithoutAClass() {
        Service classed = service("a", 1);
        classed.getSpec().setLoadBalancerClass("example.com/other");

        assertThat(LoadBalancerPlan.isOurs(service("a", 1))).isTrue();
        assertThat(LoadBalancerPlan.isOurs(classed)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "192.0.2",
                "192.0.2.1/33",
                "192.0.2.1/",
                "192.0.2.9-192.0.2.1",
                "fd00::/64",
                "a-b",
                "192.0.2.1,",
                "192.0.2.256"
            })
    void refusesAMalformedPool(String text) {
        assertThatThrownBy(() -> AddressPool.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Decision addresses(String... ips) {
        return new Decision.Addresses(List.of(ips));
    }

    private static Service service(String name, int second) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withCreationTimestamp("2026-01-01T00:00:0" + second + "Z")
                .endMetadata()
                .withNewSpec()
                .withType("LoadBalancer")
                .addNewPort()
                .withProtocol("TCP")
                .withPort(80)
                .endPort()
                .endSpec()
                .build();
    }

    private static Service having(Service service, String ip) {
        return new ServiceBuilder(service)
                .withNewStatus()
                .withNewLoadBalancer()
                .addNewIngress()
                .withIp(ip)
                .endIngress()
                .endLoadBalancer()
                .endStatus()
                .build();
    }

    private static Node node(String name, String ip, String ready) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewStatus()
                .addNewAddress(ip, "InternalIP")
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .endCondition()
                .endStatus()
                .build();
    }
}
