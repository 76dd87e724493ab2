// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A set of paths to fields, in the form that {@code metadata.managedFields} keeps it (FieldsV1): a tree whose edges are
 * path elements and whose nodes may be members themselves. A path element is a text: {@code f:name} for a field,
 * {@code k:{"name":"x"}} for a list element by its keys, {@code v:"x"} for one by its value, {@code i:0} for one by its
 * place. Once handed out, a set is not changed any more; the operations share unchanged parts.
 */
final class FieldSet {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String KINDS = "fkvi";
    private static final Comparator<String> ORDER = (left, right) -> left.charAt(0) == right.charAt(0)
            ? left.compareTo(right)
            : KINDS.indexOf(left.charAt(0)) - KINDS.indexOf(right.charAt(0));

    private boolean member;
    private final TreeMap<String, FieldSet> children = new TreeMap<>(ORDER);

    FieldSet() {}

    private FieldSet(boolean member) {
        this.member = member;
    }

    /**
     * Reads FieldsV1.
     *
     * @throws IllegalArgumentException when it is malformed
     */
    static FieldSet decode(JsonNode fields) {
        if (!fields.isObject()) {
            throw new IllegalArgumentException("fields must be an object");
        }
        FieldSet set = new FieldSet();
        decodeInto(set, fields);
        return set;
    }

    private static void decodeInto(FieldSet set, JsonNode fields) {
        for (Map.Entry<String, JsonNode> entry : fields.properties()) {
            if (entry.getKey().equals(".")) {
                set.member = true;
                continue;
            }
            FieldSet child = new FieldSet(entry.getValue().isEmpty());
            decodeInto(child, entry.getValue());
            set.children.put(canonical(entry.getKey()), child);
        }
    }

    private static String canonical(String element) {
        if (element.length() < 2 || element.charAt(1) != ':' || KINDS.indexOf(element.charAt(0)) < 0) {
            throw new IllegalArgumentException("missing colon: " + element);
        }
        try {
            return switch (element.charAt(0)) {
                case 'k' -> PathElements.byKeys(MAPPER.readTree(element.substring(2)));
                case 'v' -> PathElements.byValue(MAPPER.readTree(element.substring(2)));
                default -> element;
            };
        } catch (JsonProcessingException malformed) {
            throw new IllegalArgumentException("malformed path element " + element, malformed);
        }
    }

    /** Writes FieldsV1, elements in upstream's order. */
    ObjectNode encode() {
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        children.forEach((element, child) -> {
            ObjectNode node = child.encode();
            if (child.member && !child.children.isEmpty()) {
                ObjectNode marked = JsonNodeFactory.instance.objectNode();
                marked.putObject(".");
                node = marked.setAll(node);
            }
            fields.set(element, node);
        });
        return fields;
    }

    boolean isEmpty() {
        return !member && children.isEmpty();
    }

    /** Whether the path that led to this node is in the set. */
    boolean isMember() {
        return member;
    }

    boolean hasChildren() {
        return !children.isEmpty();
    }

    @Nullable
    FieldSet child(String element) {
        return children.get(element);
    }

    Map<String, FieldSet> children() {
        return children;
    }

    /** Adds a path and gives its node; only while the set is being built. */
    FieldSet insert(List<String> path) {
        FieldSet node = this;
        for (String element : path) {
            node = node.children.computeIfAbsent(element, unused -> new FieldSet());
        }
        node.member = true;
        return node;
    }

    /** Whether FieldsV1 that was written by {@link #encode} has a member of this set; nothing is decoded for it. */
    boolean touches(JsonNode fields) {
        for (Map.Entry<String, FieldSet> entry : children.entrySet()) {
            JsonNode node = fields.get(entry.getKey());
            if (node != null) {
                FieldSet child = entry.getValue();
                if ((child.member && (node.isEmpty() || node.has("."))) || child.touches(node)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Puts a ready part under a path; only while the set is being built. */
    void attach(String element, FieldSet part) {
        if (!part.isEmpty()) {
            children.put(element, part);
        }
    }

    /** Marks the path to this node as a member; only while the set is being built. */
    void mark() {
        member = true;
    }

    FieldSet union(FieldSet other) {
        if (other.isEmpty() || this == other) {
            return this;
        }
        if (isEmpty()) {
            return other;
        }
        FieldSet result = new FieldSet(member || other.member);
        result.children.putAll(children);
        other.children.forEach((element, child) -> result.children.merge(element, child, FieldSet::union));
        return result;
    }

    /** The paths that are here and not there; what lies below a removed path stays. */
    FieldSet difference(FieldSet other) {
        if (other.isEmpty()) {
            return this;
        }
        FieldSet result = new FieldSet(member && !other.member);
        children.forEach((element, child) -> {
            FieldSet removed = other.children.get(element);
            result.attach(element, removed == null ? child : child.difference(removed));
        });
        return result;
    }

    FieldSet intersection(FieldSet other) {
        FieldSet result = new FieldSet(member && other.member);
        children.forEach((element, child) -> {
            FieldSet common = other.children.get(element);
            if (common != null) {
                result.attach(element, child.intersection(common));
            }
        });
        return result;
    }

    /** The set without a path and all that lies below it. */
    FieldSet without(List<String> path) {
        FieldSet child = path.isEmpty() ? null : children.get(path.getFirst());
        if (child == null) {
            return this;
        }
        FieldSet result = new FieldSet(member);
        result.children.putAll(children);
        result.children.remove(path.getFirst());
        if (path.size() > 1) {
            result.attach(path.getFirst(), child.without(path.subList(1, path.size())));
        }
        return result;
    }

    /** Visits each member: those of one level first, then what lies below them. */
    void forEach(Consumer<List<String>> visitor) {
        visit(new ArrayList<>(), visitor);
    }

    private void visit(List<String> path, Consumer<List<String>> visitor) {
        children.forEach((element, child) -> {
            if (child.member) {
                path.addLast(element);
                visitor.accept(List.copyOf(path));
                path.removeLast();
            }
        });
        children.forEach((element, child) -> {
            path.addLast(element);
            child.visit(path, visitor);
            path.removeLast();
        });
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FieldSet set && member == set.member && children.equals(set.children);
    }

    @Override
    public int hashCode() {
        return children.hashCode() * 31 + Boolean.hashCode(member);
    }

    @Override
    public String toString() {
        return encode().toString();
    }
}
