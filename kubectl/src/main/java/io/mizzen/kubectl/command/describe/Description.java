// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.print.Tables;
import io.mizzen.kubectl.tree.Json;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The text of a description under way: lines at a depth, columns by tabs. One thread. */
public final class Description {
    private static final int LONGEST_ANNOTATION = 140;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss Z", Locale.ENGLISH);

    private final StringBuilder raw = new StringBuilder();

    /** One line at a depth of two blanks each. */
    public Description line(int depth, String text) {
        raw.repeat("  ", depth).append(text).append('\n');
        return this;
    }

    /** A name and its value in the next column. */
    public Description field(int depth, String name, String value) {
        return line(depth, name + ":\t" + value);
    }

    /** A field that is left out when its value is empty. */
    public Description optional(int depth, String name, String value) {
        return value.isEmpty() ? this : field(depth, name, value);
    }

    /** Text as it is. */
    public Description append(String text) {
        raw.append(text);
        return this;
    }

    /** Ends all columns here. */
    public Description endColumns() {
        raw.append('\0');
        return this;
    }

    /** The text with its tabs. */
    public String text() {
        return raw.toString().replace("\0", "");
    }

    /** The text in columns. */
    public String aligned() {
        StringBuilder out = new StringBuilder();
        for (String part : raw.toString().split("\0", -1)) {
            out.append(TabWriter.forDescriptions().write(part).flush());
        }
        return out.toString();
    }

    /** Labels, one a line. */
    public Description labels(String title, JsonNode labels) {
        raw.append(title).append(":\t");
        if (labels.isEmpty()) {
            raw.append("<none>\n");
        }
        String indent = "";
        for (String key : Json.sortedKeys(labels)) {
            raw.append(indent)
                    .append(key)
                    .append('=')
                    .append(Json.text(labels, key))
                    .append('\n');
            indent = "\t";
        }
        return this;
    }

    /** Annotations, one a line, long ones below their name; what client-side apply keeps is left out. */
    public Description annotations(String title, JsonNode annotations) {
        List<String> keys = new ArrayList<>(Json.sortedKeys(annotations));
        keys.remove("kubectl.kubernetes.io/last-applied-configuration");
        raw.append(title).append(":\t");
        if (keys.isEmpty()) {
            raw.append("<none>\n");
        }
        String indent = "";
        for (String key : keys) {
            String value = Json.text(annotations, key);
            value = value.endsWith("\n") ? value.substring(0, value.length() - 1) : value;
            raw.append(indent).append(key).append(':');
            indent = "\t";
            if (value.length() + key.length() + 2 > LONGEST_ANNOTATION || value.indexOf('\n') >= 0) {
                raw.append('\n');
                for (String line : value.split("\n", -1)) {
                    raw.append("\t  ").append(shorten(line)).append('\n');
                }
            } else {
                raw.append(' ').append(value).append('\n');
            }
        }
        return this;
    }

    private static String shorten(String line) {
        int longest = LONGEST_ANNOTATION - 2;
        return line.length() > longest ? line.substring(0, longest) + "..." : line;
    }

    /** An RFC 3339 time as descriptions show it; empty when there is none. */
    public static String time(String timestamp) {
        Instant instant = Tables.instant(timestamp);
        return instant.equals(Instant.EPOCH) ? "" : TIME.format(instant.atZone(ZoneId.systemDefault()));
    }

    /** Labels on one line, {@code <none>} when there are none. */
    public static String inline(JsonNode labels) {
        return Tables.labelText(labels);
    }

    /** {@code <none>} for empty text. */
    public static String orNone(String text) {
        return text.isEmpty() ? "<none>" : text;
    }

    /** {@code <unset>} for empty text. */
    public static String orUnset(String text) {
        return text.isEmpty() ? "<unset>" : text;
    }

    /** Name, namespace. */
    public Description head(JsonNode object) {
        field(0, "Name", Json.name(object));
        return optional(0, "Namespace", Json.namespace(object));
    }

    /** Labels and annotations of an object. */
    public Description metadata(JsonNode object) {
        labels("Labels", object.path("metadata").path("labels"));
        return annotations("Annotations", object.path("metadata").path("annotations"));
    }

    /** The object that controls this one, as {@code Kind/name}; empty when there is none. */
    public static String controller(JsonNode object) {
        for (JsonNode owner : object.path("metadata").path("ownerReferences")) {
            if (owner.path("controller").asBoolean(false)) {
                return Json.text(owner, "kind") + "/" + Json.text(owner, "name");
            }
        }
        return "";
    }
}
