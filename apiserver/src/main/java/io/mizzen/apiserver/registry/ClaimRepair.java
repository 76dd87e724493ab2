// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees addresses and node ports that were claimed for a Service which never came to be: its server was killed between the two
 * writes, or never learnt whether the second was done. A claim is freed when two looks in a row found it unchanged and
 * without a holder; callers leave minutes between them, as upstream's repair loop does. Not thread-safe.
 */
public final class ClaimRepair {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimRepair.class);

    private final Storage storage;
    private final ServiceAllocator allocator;
    private final String services;
    private Map<String, Long> suspects = Map.of();

    /** Repairs the claims of this allocator by the Services in storage. */
    public ClaimRepair(Storage storage, ServiceAllocator allocator, ResourceRegistry resources) {
        this.storage = storage;
        this.allocator = allocator;
        this.services = resources.require("", "services").stored().storagePrefix();
    }

    /** Looks once; returns how many claims were freed. */
    public int look() {
        // Claims first: a Service that is written meanwhile is then seen with its claim, or the claim is not seen at
        // all.
        Map<String, Long> idle = new HashMap<>();
        allocator.claims().forEach(claim -> idle.put(claim.key(), claim.modRevision()));
        idle.keySet().removeAll(held());
        int freed = 0;
        for (Map.Entry<String, Long> suspect : suspects.entrySet()) {
            if (idle.remove(suspect.getKey(), suspect.getValue())
                    && storage.delete(suspect.getKey(), suspect.getValue()) instanceof WriteResult.Written) {
                LOG.info("Freed {}, which no Service holds", suspect.getKey());
                freed++;
            }
        }
        suspects = idle;
        return freed;
    }

    private Set<String> held() {
        Set<String> held = new HashSet<>();
        for (Entry entry : storage.list(services, null, 0, 0).entries()) {
            ObjectNode service = ObjectCodec.fromStorage(entry.value(), entry.modRevision());
            ServiceStrategy.addresses(service).forEach(address -> held.add(ServiceAllocator.addressKey(address)));
            ServiceStrategy.nodePorts(service).forEach(port -> held.add(ServiceAllocator.portKey(port)));
        }
        return held;
    }
}
