// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.selector.LabelSelector;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The row of one object while its cells are collected, left to right. Belongs to one thread. */
final class Row {
    static final String NONE = "<none>";
    static final String UNSET = "<unset>";
    static final String UNKNOWN = "<unknown>";

    private final ObjectNode object;
    private final Instant now;
    private final ArrayNode cells;

    Row(ObjectNode object, Instant now, ArrayNode cells) {
        this.object = object;
        this.now = now;
        this.cells = cells;
    }

    ObjectNode object() {
        return object;
    }

    Instant now() {
        return now;
    }

    JsonNode spec() {
        return object.path("spec");
    }

    JsonNode status() {
        return object.path("status");
    }

    Row name() {
        return text(ObjectTree.name(object));
    }

    Row age() {
        return text(since(object.path("metadata").path("creationTimestamp")));
    }

    Row text(String text) {
        cells.add(text);
        return this;
    }

    /** The text of a node, or {@code absent} when it is not there or empty. */
    Row text(JsonNode node, String absent) {
        return text(textOr(node, absent));
    }

    /** An integer cell; absent counts as zero. */
    Row number(JsonNode node) {
        return number(node.asLong(0));
    }

    Row number(long number) {
        cells.add(number);
        return this;
    }

    Row flag(boolean flag) {
        cells.add(flag);
        return this;
    }

    Row value(@Nullable JsonNode node) {
        if (node == null) {
            cells.addNull();
        } else {
            cells.add(node);
        }
        return this;
    }

    /** The containers and images of a pod template. */
    Row containersAndImages(JsonNode template) {
        JsonNode containers = template.path("spec").path("containers");
        return text(joined(containers, "name")).text(joined(containers, "image"));
    }

    /** A label selector in its string form. */
    Row selector(JsonNode selector) {
        return text(selectorText(selector, NONE, "<error>"));
    }

    /** How long ago a time was, {@code <unknown>} without one. */
    String since(JsonNode time) {
        Instant parsed = time(time);
        return parsed == null ? UNKNOWN : HumanDuration.between(parsed, now);
    }

    static @Nullable Instant time(JsonNode node) {
        if (!node.isTextual()) {
            return null;
        }
        try {
            return OffsetDateTime.parse(node.textValue()).toInstant();
        } catch (DateTimeParseException malformed) {
            return null;
        }
    }

    static String textOr(JsonNode node, String absent) {
        String text = node.asText("");
        return text.isEmpty() || node.isNull() ? absent : text;
    }

    static String joined(JsonNode list, String field) {
        List<String> texts = new ArrayList<>();
        list.forEach(item -> texts.add(item.path(field).asText("")));
        return String.join(",", texts);
    }

    /** Labels as {@code key=value}, sorted by key; {@code <none>} when there are none. */
    static String labels(JsonNode labels) {
        Map<String, String> sorted = new TreeMap<>(ObjectTree.strings(labels));
        return sorted.isEmpty()
                ? NONE
                : sorted.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining(","));
    }

    static String selectorText(JsonNode selector, String empty, String unusable) {
        try {
            String text = LabelSelector.ofObject(selector).toString();
            return text.isEmpty() ? empty : text;
        } catch (RuntimeException invalid) {
            return unusable;
        }
    }

    /** The first {@code max} of the texts, and how many more there are. */
    static String limited(List<String> texts, int max, String separator) {
        if (texts.size() <= max) {
            return String.join(separator, texts);
        }
        return String.join(separator, texts.subList(0, max)) + " + " + (texts.size() - max) + " more...";
    }

    /** Status of a condition, empty without it. */
    static String condition(JsonNode object, String type) {
        JsonNode condition = ObjectTree.condition(object, type);
        return condition == null ? "" : condition.path("status").asText("");
    }
}
