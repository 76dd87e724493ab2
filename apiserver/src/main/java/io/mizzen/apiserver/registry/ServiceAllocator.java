// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Hands out cluster addresses and node ports. A claim is a key of its own in storage, so that two API servers can never
 * give the same one twice; an address is claimed by an {@code IPAddress} object, as upstream does (KEP-1880). Thread-safe.
 */
public final class ServiceAllocator {
    private static final int FIRST_PORT = 30000;
    private static final int LAST_PORT = 32767;
    private static final int ATTEMPTS = 512;
    private static final String ADDRESS_PREFIX = "/registry/ipaddresses/";
    private static final String PORT_PREFIX = "/registry/ranges/servicenodeports/";

    private static final String MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
    private static final String MANAGER = "ipallocator.k8s.io";

    private final Storage storage;
    private final Claims claims;
    private final int network;
    private final int size;
    private final String cidr;
    private final RandomGenerator random;
    private final InstantSource clock;

    /**
     * @param cidr the service range, for example {@code 10.43.0.0/16}
     * @throws IllegalArgumentException when it is not an IPv4 range of /8 to /28
     */
    public ServiceAllocator(Storage storage, String cidr, RandomGenerator random, InstantSource clock) {
        this.storage = storage;
        this.claims = new Stored(storage);
        this.cidr = cidr;
        this.random = random;
        this.clock = clock;
        String[] parts = cidr.split("/");
        int length = parts.length == 2 ? Integer.parseInt(parts[1]) : -1;
        if (length < 8 || length > 28) {
            throw new IllegalArgumentException("the service range " + cidr + " is not an IPv4 range of /8 to /28");
        }
        this.size = 1 << (32 - length);
        this.network = toInt(parts[0]) & -size;
    }

    private ServiceAllocator(ServiceAllocator real, Claims claims) {
        this.storage = real.storage;
        this.claims = claims;
        this.network = real.network;
        this.size = real.size;
        this.cidr = real.cidr;
        this.random = real.random;
        this.clock = real.clock;
    }

    /** One for a single request that is not to be kept: it answers as this one would, and claims nothing. Not thread-safe. */
    ServiceAllocator forDryRun() {
        return new ServiceAllocator(this, new LookedAt(storage, new HashSet<>()));
    }

    /** Where claims are. */
    private sealed interface Claims {
        /** Claims a key; false when it is taken. */
        boolean take(String key, byte[] value);

        void giveBack(String key);
    }

    private record Stored(Storage storage) implements Claims {
        @Override
        public boolean take(String key, byte[] value) {
            return storage.create(key, value, 0) instanceof WriteResult.Written;
        }

        @Override
        public void giveBack(String key) {
            Entry entry = storage.get(key);
            if (entry != null) {
                storage.delete(key, entry.modRevision());
            }
        }
    }

    /** Nothing but what one request took already is taken beside what storage has. */
    private record LookedAt(Storage storage, Set<String> taken) implements Claims {
        @Override
        public boolean take(String key, byte[] value) {
            return storage.get(key) == null && taken.add(key);
        }

        @Override
        public void giveBack(String key) {
            taken.remove(key);
        }
    }

    static int toInt(String address) {
        String[] parts = address.split("\\.");
        if (parts.length != 4) {
            throw new IllegalArgumentException(address + " is not an IPv4 address");
        }
        int value = 0;
        for (String part : parts) {
            int octet = Integer.parseInt(part);
            if (octet < 0 || octet > 255) {
                throw new IllegalArgumentException(address + " is not an IPv4 address");
            }
            value = value << 8 | octet;
        }
        return value;
    }

    static String toText(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "." + (address & 255);
    }

    /** The first address of the range, which the API server itself has. */
    public String firstAddress() {
        return toText(network + 1);
    }

    /** Claims a free address: from the upper part of the range first, which leaves the lower for wishes (KEP-3070). */
    String claimAnyAddress(String service) {
        int reserved = Math.min(Math.max(16, size / 16), 256);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int low = attempt < ATTEMPTS / 2 && size > reserved + 2 ? reserved : 1;
            int offset = low + random.nextInt(size - 1 - low);
            String address = toText(network + offset);
            if (claimAddress(address, service) == null) {
                return address;
            }
        }
        throw StatusException.internal("failed to allocate a serviceIP: range is full");
    }

    /** Claims one address; returns why it cannot be had, or null. */
    @Nullable
    String claimAddress(String address, String service) {
        int value;
        try {
            value = toInt(address);
        } catch (IllegalArgumentException malformed) {
            return "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        }
        int offset = value - network;
        if (offset <= 0 || offset >= size - 1) {
            return "failed to allocate IP " + address + ": the provided IP (" + address
                    + ") is not in the valid range. The range of valid IPs is " + cidr;
        }
        return claims.take(ADDRESS_PREFIX + address, ipAddress(address, service))
                ? null
                : "failed to allocate IP " + address + ": provided IP is already allocated";
    }

    private byte[] ipAddress(String address, String service) {
        int slash = service.indexOf('/');
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("kind", "IPAddress").put("apiVersion", "networking.k8s.io/v1");
        ObjectNode metadata = object.putObject("metadata");
        metadata.put("name", address).put("uid", ObjectStore.newUid());
        metadata.put("creationTimestamp", Metadata.time(clock.instant()));
        ObjectNode labels = metadata.putObject("labels");
        labels.put("ipaddress.kubernetes.io/ip-family", "IPv4");
        labels.put(MANAGED_BY, MANAGER);
        ObjectNode parent = object.putObject("spec").putObject("parentRef");
        parent.put("group", "").put("resource", "services");
        parent.put("namespace", service.substring(0, slash)).put("name", service.substring(slash + 1));
        return ObjectCodec.toStorage(object);
    }

    void releaseAddress(String address) {
        claims.giveBack(ADDRESS_PREFIX + address);
    }

    /** Claims a free node port. */
    int claimAnyPort(String service) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = FIRST_PORT + random.nextInt(LAST_PORT - FIRST_PORT + 1);
            if (claimPort(port, service) == null) {
                return port;
            }
        }
        throw StatusException.internal("failed to allocate a nodePort: range is full");
    }

    /** Claims one port; returns why it cannot be had, or null. */
    @Nullable
    String claimPort(int port, String service) {
        if (port < FIRST_PORT || port > LAST_PORT) {
            return "provided port is not in the valid range. The range of valid ports is " + FIRST_PORT + "-"
                    + LAST_PORT;
        }
        return claims.take(PORT_PREFIX + port, service.getBytes(StandardCharsets.UTF_8))
                ? null
                : "provided port is already allocated";
    }

    void releasePort(int port) {
        claims.giveBack(PORT_PREFIX + port);
    }

    /** The claims there are, of addresses and of ports; addresses that somebody else made an object for are none. */
    List<Entry> claims() {
        List<Entry> entries = new ArrayList<>();
        for (Entry entry : storage.list(ADDRESS_PREFIX, null, 0, 0).entries()) {
            ObjectNode address = ObjectCodec.fromStorage(entry.value(), entry.modRevision());
            if (MANAGER.equals(ObjectTree.labels(address).get(MANAGED_BY))) {
                entries.add(entry);
            }
        }
        entries.addAll(storage.list(PORT_PREFIX, null, 0, 0).entries());
        return entries;
    }

    static String addressKey(String address) {
        return ADDRESS_PREFIX + address;
    }

    static String portKey(int port) {
        return PORT_PREFIX + port;
    }
}
