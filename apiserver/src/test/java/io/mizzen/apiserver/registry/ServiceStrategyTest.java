// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.embedded.EmbeddedOptions;
import io.mizzen.apiserver.storage.embedded.EmbeddedStorage;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a Service gets and loses when its type is set or changed. */
class ServiceStrategyTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final WriteContext CONTEXT = WriteContext.server(Instant.EPOCH);
    private static final WriteContext DRY_RUN =
            new WriteContext(CONTEXT.user(), "", true, "", false, Instant.EPOCH, CONTEXT.warnings());

    @TempDir
    private Path folder;

    private Storage storage;
    private ServiceStrategy strategy;

    @BeforeEach
    void open() {
        storage = EmbeddedStorage.open(EmbeddedOptions.in(folder));
        strategy = new ServiceStrategy(
                new ServiceAllocator(storage, "10.43.0.0/24", new Random(1), InstantSource.system()));
    }

    @AfterEach
    void close() {
        storage.close();
    }

    private static ObjectNode service(String spec) {
        try {
            return (ObjectNode) JSON.readTree(
                    ("{'metadata': {'name': 's', 'namespace': 'n'}, 'spec': " + spec + "}").replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private ObjectNode changed(String from, String to) {
        ObjectNode service = service(to);
        strategy.applyDefaults(service);
        strategy.prepareForUpdate(CONTEXT, service, service(from));
        return (ObjectNode) service.path("spec");
    }

    @Test
    void dropsWhatTheOldTypeHadWhenTheRequestLeavesItAlone() {
        String kept = "'allocateLoadBalancerNodePorts': false, 'externalTrafficPolicy': 'Local',"
                + " 'healthCheckNodePort': 30001, 'loadBalancerClass': 'a/b'}";

        assertThat(changed("{'type': 'LoadBalancer', " + kept, "{'type': 'ClusterIP', " + kept)
                        .fieldNames())
                .toIterable()
                .doesNotContain(
                        "allocateLoadBalancerNodePorts",
                        "externalTrafficPolicy",
                        "healthCheckNodePort",
                        "loadBalancerClass");
    }

    @Test
    void leavesToValidationWhatTheRequestSetsAgainstItsType() {
        ObjectNode created = service("{'type': 'ClusterIP', 'externalTrafficPolicy': 'Local'}");
        strategy.applyDefaults(created);

        assertThat(created.at("/spec/externalTrafficPolicy").asText()).isEqualTo("Local");
        assertThat(changed("{'type': 'ClusterIP'}", "{'type': 'ClusterIP', 'healthCheckNodePort': 30001}")
                        .path("healthCheckNodePort")
                        .asInt())
                .isEqualTo(30001);
    }

    @Test
    void refusesFamiliesThatTheClusterDoesNotHave() {
        assertThatThrownBy(() -> allocate("{'type': 'ClusterIP', 'ipFamilies': ['IPv6']}"))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster");
        assertThatThrownBy(() -> allocate("{'type': 'ClusterIP', 'ipFamilyPolicy': 'RequireDualStack'}"))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("this cluster is not configured for dual-stack services");
    }

    @Test
    void leavesTheFamiliesOfAHeadlessServiceWithoutSelectorToWhoeverKeepsItsEndpoints() {
        ObjectNode spec = allocate("{'type': 'ClusterIP', 'clusterIP': 'None'}");

        assertThat(spec.path("ipFamilyPolicy").asText()).isEqualTo("RequireDualStack");
        assertThat(spec.path("ipFamilies"))
                .extracting(family -> family.asText())
                .containsExactly("IPv4", "IPv6");
    }

    @Test
    void answersADryRunAsItWouldARealRequestAndKeepsNothing() {
        ObjectNode spec =
                allocate(DRY_RUN, "{'type': 'NodePort', 'ports': [{'port': 1}, {'port': 2, 'nodePort': 31000}]}");

        assertThat(spec.path("clusterIP").asText()).startsWith("10.43.0.");
        assertThat(spec.path("clusterIPs").path(0)).isEqualTo(spec.path("clusterIP"));
        assertThat(spec.at("/ports/0/nodePort").asInt()).isBetween(30000, 32767);
        assertThat(storage.list("/registry/", null, 0, 0).entries()).isEmpty();
        assertThatThrownBy(() -> allocate(DRY_RUN, "{'type': 'ClusterIP', 'ipFamilies': ['IPv6']}"))
                .hasMessageContaining("spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster");
    }

    @Test
    void refusesADryRunWhatIsTaken() {
        String wish = "{'type': 'NodePort', 'clusterIP': '10.43.0.5', 'ports': [{'port': 1, 'nodePort': %s}]}";
        ObjectNode held = allocate(CONTEXT, wish.formatted("31000"));

        assertThatThrownBy(() -> allocate(DRY_RUN, wish.formatted("31001")))
                .hasMessageContaining("10.43.0.5: provided IP is already allocated");
        assertThatThrownBy(() -> allocate(DRY_RUN, wish.formatted("31000").replace("0.5", "0.6")))
                .hasMessageContaining(
                        "spec.ports[0].nodePort: Invalid value: 31000: provided port is already allocated");
        assertThat(held.path("clusterIP").asText()).isEqualTo("10.43.0.5");
    }

    @Test
    void aDryRunGivesNoNumberTwice() {
        StringBuilder ports = new StringBuilder("{'port': 1}");
        for (int port = 2; port <= 300; port++) {
            ports.append(", {'port': ").append(port).append('}');
        }

        ObjectNode spec = allocate(DRY_RUN, "{'type': 'NodePort', 'ports': [" + ports + "]}");

        assertThat(spec.path("ports"))
                .extracting(port -> port.path("nodePort").asInt())
                .doesNotHaveDuplicates();
    }

    private ObjectNode allocate(String spec) {
        return allocate(CONTEXT, spec);
    }

    private ObjectNode allocate(WriteContext context, String spec) {
        ObjectNode service = service(spec);
        strategy.applyDefaults(service);
        strategy.allocate(context, service, null);
        return (ObjectNode) service.path("spec");
    }
}
