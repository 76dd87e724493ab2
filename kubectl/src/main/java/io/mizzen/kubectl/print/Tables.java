// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.Durations;
import io.mizzen.kubectl.tree.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;

/**
 * Prints the server's tables: which columns, namespace and labels before and behind, headers once. Used by one thread; keeps whether
 * the header has been printed.
 */
public final class Tables {
    private final Options options;
    private boolean headerPrinted;

    /**
     * What is shown.
     *
     * @param noHeaders leave the header out
     * @param wide show columns of lower priority too
     * @param withNamespace a NAMESPACE column first
     * @param kindPrefix what stands before each name, e.g. {@code pod/}; empty for nothing
     * @param showLabels a LABELS column last
     * @param labelColumns labels that get a column each
     */
    public record Options(
            boolean noHeaders,
            boolean wide,
            boolean withNamespace,
            String kindPrefix,
            boolean showLabels,
            List<String> labelColumns) {}

    /** A printer of one run of tables of one kind. */
    public Tables(Options options) {
        this.options = options;
        headerPrinted = options.noHeaders();
    }

    /** Writes a table's rows; {@code event} is a first cell for watch events, empty for none. */
    public void print(JsonNode table, TabWriter out, String event) {
        JsonNode columns = table.path("columnDefinitions");
        if (!headerPrinted) {
            headerPrinted = true;
            header(columns, out, event);
        }
        for (JsonNode row : table.path("rows")) {
            row(columns, row, out, event);
        }
    }

    private void header(JsonNode columns, TabWriter out, String event) {
        StringBuilder line = new StringBuilder();
        if (!event.isEmpty()) {
            line.append("EVENT\t");
        }
        if (options.withNamespace()) {
            line.append("NAMESPACE\t");
        }
        boolean first = true;
        for (JsonNode column : columns) {
            if (isShown(column)) {
                line.append(first ? "" : "\t").append(Json.text(column, "name").toUpperCase(Locale.ROOT));
                first = false;
            }
        }
        for (String label : options.labelColumns()) {
            line.append('\t').append(label.substring(label.lastIndexOf('/') + 1).toUpperCase(Locale.ROOT));
        }
        if (options.showLabels()) {
            line.append("\tLABELS");
        }
        out.write(line.append('\n').toString());
    }

    private boolean isShown(JsonNode column) {
        return options.wide() || Json.number(column, "priority") == 0;
    }

    private void row(JsonNode columns, JsonNode row, TabWriter out, String event) {
        StringBuilder line = new StringBuilder();
        JsonNode object = row.path("object");
        if (!event.isEmpty()) {
            line.append(event).append('\t');
        }
        if (options.withNamespace()) {
            line.append(Json.namespace(object)).append('\t');
        }
        boolean first = true;
        int at = 0;
        for (JsonNode cell : row.path("cells")) {
            JsonNode column = columns.path(at);
            boolean shown = at < columns.size() && isShown(column);
            at++;
            if (!shown) {
                continue;
            }
            line.append(first ? "" : "\t");
            if (first && !options.kindPrefix().isEmpty()) {
                line.append(options.kindPrefix());
            }
            first = false;
            line.append(cell(cell));
        }
        labels(object.path("metadata").path("labels"), line);
        out.write(line.append('\n').toString());
    }

    private void labels(JsonNode labels, StringBuilder line) {
        for (String label : options.labelColumns()) {
            line.append('\t').append(labels.has(label) ? escape(Json.text(labels, label)) : "<none>");
        }
        if (options.showLabels()) {
            line.append('\t').append(labelText(labels));
        }
    }

    /** Labels as {@code a=b,c=d} in order of their keys; {@code <none>} when there are none. */
    public static String labelText(JsonNode labels) {
        if (labels.isEmpty()) {
            return "<none>";
        }
        StringBuilder text = new StringBuilder();
        for (String key : Json.sortedKeys(labels)) {
            text.append(text.isEmpty() ? "" : ",").append(key).append('=').append(Json.text(labels, key));
        }
        return text.toString();
    }

    private static String cell(JsonNode cell) {
        if (cell.isNull()) {
            return "";
        }
        if (!cell.isValueNode()) {
            return GoFormat.show(cell);
        }
        String text = Json.show(cell);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n' || c == '\r' || c == '\f') {
                return escape(text.substring(0, i)) + "...";
            }
        }
        return escape(text);
    }

    /** Makes escape sequences of a terminal visible instead of obeyed. */
    public static String escape(String text) {
        return text.indexOf('\u001b') < 0 && text.indexOf('\r') < 0
                ? text
                : text.replace("\u001b", "^[").replace("\r", "\\r");
    }

    /** A table of name and age for objects that the server sent without one. */
    public static ObjectNode fromObjects(Iterable<JsonNode> objects, Instant now) {
        ObjectNode table = Json.object();
        ArrayNode columns = table.putArray("columnDefinitions");
        columns.addObject().put("name", "Name");
        columns.addObject().put("name", "Age");
        ArrayNode rows = table.putArray("rows");
        for (JsonNode object : objects) {
            ObjectNode row = rows.addObject();
            row.putArray("cells")
                    .add(Json.name(object))
                    .add(age(Json.text(object, "metadata", "creationTimestamp"), now));
            row.set("object", object);
        }
        return table;
    }

    /** The age of something made at an RFC 3339 time; {@code <unknown>} without a time. */
    public static String age(String timestamp, Instant now) {
        Instant then = instant(timestamp);
        return then.equals(Instant.EPOCH) ? "<unknown>" : Durations.human(Duration.between(then, now));
    }

    /** An RFC 3339 time; the epoch when it is none. */
    public static Instant instant(String timestamp) {
        if (timestamp.isEmpty()) {
            return Instant.EPOCH;
        }
        try {
            return timestamp.endsWith("Z")
                    ? Instant.parse(timestamp)
                    : OffsetDateTime.parse(timestamp).toInstant();
        } catch (DateTimeParseException e) {
            return Instant.EPOCH;
        }
    }
}
