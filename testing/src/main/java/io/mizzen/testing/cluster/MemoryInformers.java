// SPDX-License-Identifier: Apache-2.0
package io.mizzen.testing.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.Informer;
import io.mizzen.client.InformerSource;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectCache;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The informers of one simulated process. Each reads the cluster's present state when it starts, and later changes only
 * as far as the test delivers them: between two deliveries its view is stale, as a real one may be.
 */
public final class MemoryInformers implements InformerSource {

    private final MemoryCluster cluster;
    private final Map<String, Feed<?>> feeds = new LinkedHashMap<>();
    private boolean started;

    /** No informers yet. */
    public MemoryInformers(MemoryCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    @SuppressWarnings("unchecked") // The key says of which type the feed is.
    public <T extends HasMetadata> Informer<T> of(Class<T> type) {
        return (Informer<T>) feeds.computeIfAbsent(
                "typed " + type.getName(), key -> new Feed<T>(ResourceType.of(type), tree -> Json.model(tree, type)));
    }

    @Override
    @SuppressWarnings("unchecked") // The key says of which type the feed is.
    public Informer<GenericKubernetesResource> metadata(ResourceType type) {
        return (Informer<GenericKubernetesResource>) feeds.computeIfAbsent(
                "metadata " + type.qualifiedName(),
                key -> new Feed<GenericKubernetesResource>(type, tree -> MemoryClient.metadata(type, tree)));
    }

    @Override
    public void dropMetadata(ResourceType type) {
        feeds.remove("metadata " + type.qualifiedName());
    }

    @Override
    public void start() {
        started = true;
        List.copyOf(feeds.values()).forEach(Feed::start);
    }

    /** Feeds that have changes to deliver. */
    public List<Feed<?>> behind() {
        return started
                ? feeds.values().stream()
                        .filter(Feed::isBehind)
                        .<Feed<?>>map(f -> f)
                        .toList()
                : List.of();
    }

    /** Up to which revision the informer of a kind has seen the cluster; 0 if there is none. */
    public long seen(Class<? extends HasMetadata> type) {
        Feed<?> feed = feeds.get("typed " + type.getName());
        return feed == null ? 0 : feed.seenRevision;
    }

    /** One informer and its place in the history. */
    public final class Feed<T extends HasMetadata> implements Informer<T> {
        private final ResourceType type;
        private final Function<ObjectNode, T> decode;
        private final ObjectCache<T> cache = new ObjectCache<>();
        private final List<ChangeHandler<T>> handlers = new ArrayList<>();
        private int next;
        private long seenRevision;
        private boolean running;

        Feed(ResourceType type, Function<ObjectNode, T> decode) {
            this.type = type;
            this.decode = decode;
        }

        void start() {
            if (running) {
                return;
            }
            running = true;
            next = cluster.history().size();
            seenRevision = next == 0 ? 0 : cluster.history().get(next - 1).revision();
            for (ObjectNode tree : cluster.list(type)) {
                T object = decode.apply(tree);
                cache.put(object);
                handlers.forEach(handler -> handler.added(object));
            }
        }

        boolean isBehind() {
            return running && peek().isPresent();
        }

        /** Delivers the next change. */
        public void deliver() {
            Change change = peek().orElseThrow();
            next++;
            seenRevision = change.revision();
            T object = decode.apply(change.object());
            if (change.kind() == Change.Kind.DELETED) {
                cache.remove(ObjectKey.of(object));
                handlers.forEach(handler -> handler.deleted(object));
                return;
            }
            Optional<T> old = cache.put(object);
            if (old.isEmpty()) {
                handlers.forEach(handler -> handler.added(object));
            } else {
                handlers.forEach(handler -> handler.updated(old.get(), object));
            }
        }

        /** Skips what is of other resources and finds the next change of this one. */
        private Optional<Change> peek() {
            while (next < cluster.history().size()) {
                Change change = cluster.history().get(next);
                if (change.type().equals(type)) {
                    return Optional.of(change);
                }
                seenRevision = change.revision();
                next++;
            }
            return Optional.empty();
        }

        @Override
        public void addIndex(String name, Function<T, ? extends Collection<String>> values) {
            cache.addIndex(name, values);
        }

        @Override
        public void onChange(ChangeHandler<T> handler) {
            cache.list().forEach(handler::added);
            handlers.add(handler);
        }

        @Override
        public boolean hasSynced() {
            return running;
        }

        @Override
        public Optional<T> find(ObjectKey key) {
            return cache.find(key);
        }

        @Override
        public List<T> list() {
            return cache.list();
        }

        @Override
        public List<T> inNamespace(String namespace) {
            return cache.inNamespace(namespace);
        }

        @Override
        public List<T> byIndex(String index, String value) {
            return cache.byIndex(index, value);
        }
    }
}
