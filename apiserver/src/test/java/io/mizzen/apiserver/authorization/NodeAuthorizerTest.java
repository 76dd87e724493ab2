// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.bootstrap.Bootstrap;
import io.mizzen.apiserver.storage.cache.AwaitResult;
import io.mizzen.apiserver.storage.cache.CacheListener;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.EntryDecoder;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import io.mizzen.apiserver.storage.cache.WatchRequest;
import io.mizzen.apiserver.storage.cache.WatchStart;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NodeAuthorizerTest {
    private final VolumeCache cache = new VolumeCache();
    private final NodeAuthorizer authorizer = new NodeAuthorizer(cache, Bootstrap.clusterRole("system:node"));

    @Test
    void letsANodeChangeOnlyTheLocalVolumesThatItKeeps() {
        cache.put("own", "mizzen.io/local-path", "a");
        cache.put("elsewhere", "mizzen.io/local-path", "b");
        cache.put("foreign", "example.com/disk", "a");

        assertThat(allows("patch", "own")).isTrue();
        assertThat(allows("patch", "elsewhere")).isFalse();
        assertThat(allows("patch", "foreign")).isFalse();
        assertThat(allows("patch", "none")).isFalse();
        assertThat(List.of("update", "delete", "create", "deletecollection")).noneMatch(verb -> allows(verb, "own"));
        assertThat(List.of("get", "list", "watch")).allMatch(verb -> allows(verb, ""));
    }

    private boolean allows(String verb, String volume) {
        UserInfo node = new UserInfo("system:node:a", "", List.of("system:nodes"), Map.of());
        return authorizer
                .authorize(new Attributes(node, verb, true, "", "v1", "persistentvolumes", "", "", volume, ""))
                .allowed();
    }

    /** Holds volumes, and nothing else is asked of it. */
    private static final class VolumeCache implements ObjectCache {
        private final Map<String, CachedObject> volumes = new HashMap<>();

        void put(String name, String provisioner, String node) {
            String json = """
                    {"metadata":{"name":"%s","annotations":{"pv.kubernetes.io/provisioned-by":"%s",
                    "mizzen.io/local-path-node":"%s"}}}""".formatted(name, provisioner, node);
            String key = "/registry/persistentvolumes/" + name;
            volumes.put(
                    key, new CachedObject(key, "", name, 1, Map.of(), Map.of(), json.getBytes(StandardCharsets.UTF_8)));
        }

        @Override
        public CachedObject get(ResourceKey resource, String key) {
            return volumes.get(key);
        }

        @Override
        public void register(ResourceKey resource, String prefix, EntryDecoder decoder, Set<String> indexedFields) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void unregister(ResourceKey resource) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isRegistered(ResourceKey resource) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long revision() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isReady() {
            throw new UnsupportedOperationException();
        }

        @Override
        public AwaitResult awaitRevision(long revision, Duration timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public AwaitResult awaitCurrent(Duration timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ListResult list(ListRequest request) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int count(ResourceKey resource) {
            throw new UnsupportedOperationException();
        }

        @Override
        public WatchStart watch(WatchRequest request, CacheListener listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }
}
