// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.embedded.EmbeddedOptions;
import io.mizzen.apiserver.storage.embedded.EmbeddedStorage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Claims of addresses and node ports by several API servers on one store. */
class ServiceAllocatorTest {
    @TempDir
    private Path folder;

    private Storage storage;

    @BeforeEach
    void open() {
        storage = EmbeddedStorage.open(EmbeddedOptions.in(folder));
    }

    @AfterEach
    void close() {
        storage.close();
    }

    /** Both draw the same numbers, so every claim is fought for. */
    private ServiceAllocator server() {
        return new ServiceAllocator(storage, "10.43.0.0/24", new Random(1), InstantSource.system());
    }

    @Test
    void neverGivesTwoServersTheSameAddressOrPort() throws InterruptedException {
        Set<String> addresses = ConcurrentHashMap.newKeySet();
        Set<Integer> ports = ConcurrentHashMap.newKeySet();
        Set<String> twice = ConcurrentHashMap.newKeySet();
        List<Thread> servers = new ArrayList<>();

        for (int server = 0; server < 4; server++) {
            ServiceAllocator allocator = server();
            String name = "default/s" + server;
            servers.add(Thread.ofVirtual().name("server-" + server).start(() -> {
                for (int i = 0; i < 25; i++) {
                    String address = allocator.claimAnyAddress(name);
                    int port = allocator.claimAnyPort(name);
                    if (!addresses.add(address)) {
                        twice.add(address);
                    }
                    if (!ports.add(port)) {
                        twice.add("port " + port);
                    }
                }
            }));
        }
        for (Thread server : servers) {
            assertThat(server.join(Duration.ofSeconds(60))).isTrue();
        }

        assertThat(twice).isEmpty();
        assertThat(addresses).hasSize(100);
        assertThat(ports).hasSize(100);
    }

    @Test
    void freesOnlyClaimsThatNobodyHoldsAtTwoLooks() {
        ServiceAllocator allocator = server();
        ResourceRegistry resources = new ResourceRegistry();
        BuiltInResources.serve(Catalog.builtIn(), resources, new Strategies(allocator, Duration.ofHours(1)));
        ClaimRepair repair = new ClaimRepair(storage, allocator, resources);
        String held = allocator.claimAnyAddress("default/web");
        int heldPort = allocator.claimAnyPort("default/web");
        String lost = allocator.claimAnyAddress("default/lost");
        int lostPort = allocator.claimAnyPort("default/lost");
        ObjectNode service = JsonNodeFactory.instance.objectNode();
        service.putObject("metadata").put("name", "web").put("namespace", "default");
        ObjectNode spec = service.putObject("spec");
        spec.putArray("clusterIPs").add(held);
        spec.putArray("ports").addObject().put("nodePort", heldPort);
        assertThat(storage.create("/registry/services/specs/default/web", ObjectCodec.toStorage(service), 0))
                .isInstanceOf(Storage.WriteResult.Written.class);

        assertThat(repair.look()).isZero();
        assertThat(repair.look()).isEqualTo(2);
        assertThat(repair.look()).isZero();

        assertThat(allocator.claimAddress(held, "default/other")).contains("already allocated");
        assertThat(allocator.claimPort(heldPort, "default/other")).contains("already allocated");
        assertThat(allocator.claimAddress(lost, "default/other")).isNull();
        assertThat(allocator.claimPort(lostPort, "default/other")).isNull();
    }
}
