// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One watch event, shared by all watchers that see it, so that its frame is made once. Safe for any thread.
 *
 * @see <a href="https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes">Watches</a>
 */
public final class CacheEvent {

    /** The {@code type} of a watch frame. */
    public enum Type {
        ADDED,
        MODIFIED,
        DELETED,
        BOOKMARK
    }

    private static final byte[] END = {'}', '\n'};

    private final Type type;
    private final long revision;
    private final @Nullable CachedObject object;
    private final byte[] json;
    private volatile byte @Nullable [] frame;
    private volatile @Nullable Map<String, byte[]> renderings;

    private CacheEvent(Type type, long revision, @Nullable CachedObject object, byte[] json) {
        this.type = type;
        this.revision = revision;
        this.object = object;
        this.json = json;
    }

    /** A change of an object; for a deletion the object carries the deletion's revision. */
    static CacheEvent of(Type type, CachedObject object) {
        return new CacheEvent(type, object.revision(), object, object.json());
    }

    /** A bookmark: an otherwise empty object of the watched kind that carries a revision. */
    static CacheEvent bookmark(String apiVersion, String kind, long revision, boolean initialEventsEnd) {
        String annotations = initialEventsEnd ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "";
        String json = "{\"kind\":\"" + kind + "\",\"apiVersion\":\"" + apiVersion
                + "\",\"metadata\":{\"resourceVersion\":\"" + revision + "\"" + annotations
                + "}}";
        return new CacheEvent(Type.BOOKMARK, revision, null, json.getBytes(StandardCharsets.UTF_8));
    }

    /** What happened. */
    public Type type() {
        return type;
    }

    /** The revision a client may resume after once it has this event. */
    public long revision() {
        return revision;
    }

    /** The object; null for a bookmark. */
    public @Nullable CachedObject object() {
        return object;
    }

    /** The JSON of the frame's {@code object}, for a bookmark too; shared, never change it. */
    public byte[] objectJson() {
        return json;
    }

    /** The frame {@code {"type":"ADDED","object":{…}}} with a newline, as a JSON watch sends it; made once, shared. */
    public byte[] frame() {
        byte[] made = frame;
        if (made == null) {
            byte[] start = ("{\"type\":\"" + type + "\",\"object\":").getBytes(StandardCharsets.US_ASCII);
            made = new byte[start.length + json.length + END.length];
            System.arraycopy(start, 0, made, 0, start.length);
            System.arraycopy(json, 0, made, start.length, json.length);
            System.arraycopy(END, 0, made, start.length + json.length, END.length);
            frame = made;
        }
        return made;
    }

    /**
     * The frame in another form (another served version, Table, protobuf), made once for all watchers that want this form.
     *
     * @param form a name that says all that the renderer depends on; few different ones
     * @param renderer makes the frame; pure
     */
    public byte[] frame(String form, Function<CacheEvent, byte[]> renderer) {
        Map<String, byte[]> known = renderings;
        if (known == null) {
            synchronized (this) {
                known = renderings;
                if (known == null) {
                    known = new ConcurrentHashMap<>(2);
                    renderings = known;
                }
            }
        }
        return Objects.requireNonNull(known.computeIfAbsent(form, name -> renderer.apply(this)));
    }

    @Override
    public String toString() {
        return type + " " + (object == null ? "" : object.key()) + "@" + revision;
    }
}
