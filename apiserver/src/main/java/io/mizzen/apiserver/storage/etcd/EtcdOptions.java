// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where etcd is and how to speak to it. The fields are the flags {@code --etcd-endpoints}, {@code --etcd-cafile},
 * {@code --etcd-certfile}, {@code --etcd-keyfile} and {@code --etcd-compaction-interval}.
 *
 * @param endpoints the members' client addresses, all {@code http} or all {@code https}
 * @param caFile PEM of the authorities that signed the members' certificates; null for the JVM's own
 * @param certFile PEM of the client certificate, or null
 * @param keyFile PEM (PKCS#8) of its key, or null
 * @param root the prefix that every key lies under
 * @param requestTimeout how long a call may take before the store counts as unavailable
 * @param compactionInterval how often history is compacted to where it was one interval ago; zero for never
 */
public record EtcdOptions(
        List<URI> endpoints,
        @Nullable Path caFile,
        @Nullable Path certFile,
        @Nullable Path keyFile,
        String root,
        Duration requestTimeout,
        Duration compactionInterval) {
    public EtcdOptions {
        endpoints = List.copyOf(endpoints);
        Objects.requireNonNull(root);
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("At least one etcd endpoint is needed");
        }
        for (URI endpoint : endpoints) {
            boolean known = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
            if (!known || endpoint.getHost() == null || endpoint.getPort() < 0) {
                throw new IllegalArgumentException(
                        "Etcd endpoint " + endpoint + " is not of the form https://host:port or http://host:port");
            }
            if (!endpoint.getScheme().equals(endpoints.getFirst().getScheme())) {
                throw new IllegalArgumentException("Etcd endpoints are all https or all http");
            }
        }
        if ((certFile == null) != (keyFile == null)) {
            throw new IllegalArgumentException("An etcd client certificate and its key are given together");
        }
    }

    /** Endpoints without TLS of our own, five seconds a request, compaction every five minutes. */
    public static EtcdOptions of(List<URI> endpoints) {
        return new EtcdOptions(endpoints, null, null, null, "/registry/", Duration.ofSeconds(5), Duration.ofMinutes(5));
    }

    /** The same with TLS material. */
    public EtcdOptions withTls(@Nullable Path newCa, @Nullable Path newCert, @Nullable Path newKey) {
        return new EtcdOptions(endpoints, newCa, newCert, newKey, root, requestTimeout, compactionInterval);
    }

    /** The same with another timeout. */
    public EtcdOptions withRequestTimeout(Duration newTimeout) {
        return new EtcdOptions(endpoints, caFile, certFile, keyFile, root, newTimeout, compactionInterval);
    }

    /** The same with another compaction interval. */
    public EtcdOptions withCompactionInterval(Duration newInterval) {
        return new EtcdOptions(endpoints, caFile, certFile, keyFile, root, requestTimeout, newInterval);
    }

    boolean isTls() {
        return "https".equals(endpoints.getFirst().getScheme());
    }

    /** A key of our own that no resource can have, because no API group begins with a dot. */
    String ownKey(String name) {
        return root + ".mizzen/" + name;
    }
}
