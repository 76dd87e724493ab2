// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Column;
import io.mizzen.api.meta.ObjectTree;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tables of objects: columns from the resource definition, cells by kind for built-in kinds and by JSONPath for custom
 * resources. The row of an object that cannot be read has fewer texts, never an exception.
 */
public final class Tables {
    private static final Map<String, RowMaker> MAKERS = makers();
    private static final Column NAME = new Column("Name", "string", "name", 0, "", null);
    private static final Column CREATED_AT = new Column("Created At", "date", "", 0, "", null);
    private static final Column CUSTOM_AGE = new Column("Age", "date", "", 0, "", ".metadata.creationTimestamp");

    private Tables() {}

    /** What a row carries besides its cells. */
    public enum IncludeObject {
        /** Cells only. */
        NONE,
        /** The metadata, as PartialObjectMetadata. */
        METADATA,
        /** The whole object. */
        OBJECT
    }

    private static Map<String, RowMaker> makers() {
        Map<String, RowMaker> makers = new HashMap<>();
        PodRows.register(makers);
        WorkloadRows.register(makers);
        NetworkRows.register(makers);
        ClusterRows.register(makers);
        StorageRows.register(makers);
        PolicyRows.register(makers);
        return Map.copyOf(makers);
    }

    /**
     * A {@code meta.k8s.io/v1} Table.
     *
     * @param objects in the version that was asked for; not changed, but shared with the table when included whole
     * @param now the time that ages are told at
     * @param resourceVersion of the list, may be empty
     * @param continueToken where the next page starts, empty on the last one
     * @param remaining how many objects follow, or null when unknown
     */
    public static ObjectNode table(
            ResourceDefinition definition,
            List<ObjectNode> objects,
            IncludeObject include,
            Instant now,
            @Nullable String resourceVersion,
            String continueToken,
            @Nullable Long remaining) {
        ObjectNode table = JsonNodeFactory.instance.objectNode();
        table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        ObjectNode metadata = table.putObject("metadata");
        if (resourceVersion != null && !resourceVersion.isEmpty()) {
            metadata.put("resourceVersion", resourceVersion);
        }
        if (!continueToken.isEmpty()) {
            metadata.put("continue", continueToken);
        }
        if (remaining != null && remaining > 0) {
            metadata.put("remainingItemCount", remaining);
        }
        List<Column> columns = columns(definition);
        ArrayNode heads = table.putArray("columnDefinitions");
        columns.forEach(column -> heads.add(head(column)));
        ArrayNode rows = table.putArray("rows");
        RowMaker maker = maker(definition, columns);
        for (ObjectNode object : ordered(definition, objects)) {
            ObjectNode row = rows.addObject();
            maker.fill(new Row(object, now, row.putArray("cells")));
            PodRows.conditions(definition, object, row);
            include(row, object, include);
        }
        return table;
    }

    private static void include(ObjectNode row, ObjectNode object, IncludeObject include) {
        switch (include) {
            case NONE -> row.putNull("object");
            case METADATA -> {
                ObjectNode partial = row.putObject("object");
                partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
                partial.set(
                        "metadata", object.path("metadata").isObject() ? object.get("metadata") : partial.objectNode());
            }
            case OBJECT -> row.set("object", object);
        }
    }

    private static ObjectNode head(Column column) {
        String description = column.description().isEmpty() ? ColumnTexts.of(column.name()) : column.description();
        return JsonNodeFactory.instance
                .objectNode()
                .put("name", column.name())
                .put("type", column.type())
                .put("format", column.format())
                .put("description", description)
                .put("priority", column.priority());
    }

    private static List<Column> columns(ResourceDefinition definition) {
        if (definition.custom()) {
            List<Column> columns = new ArrayList<>();
            columns.add(NAME);
            definition.columns().stream()
                    .filter(column -> column.jsonPath() != null)
                    .forEach(columns::add);
            if (columns.size() == 1) {
                columns.add(CUSTOM_AGE);
            }
            return columns;
        }
        return definition.columns().isEmpty() ? List.of(NAME, CREATED_AT) : definition.columns();
    }

    private static RowMaker maker(ResourceDefinition definition, List<Column> columns) {
        if (definition.custom()) {
            return new CustomRows(columns.subList(1, columns.size()));
        }
        RowMaker made = MAKERS.get(key(definition));
        return made == null || definition.columns().isEmpty() ? Tables::plain : made;
    }

    /** Cells of a kind without columns of its own. */
    private static void plain(Row row) {
        row.name().text(ObjectTree.text(row.object(), "metadata", "creationTimestamp"));
    }

    static String key(ResourceDefinition definition) {
        return definition.group().isEmpty() ? definition.kind() : definition.kind() + "." + definition.group();
    }

    /** FlowSchemas are shown in the order in which they are tried. */
    private static List<ObjectNode> ordered(ResourceDefinition definition, List<ObjectNode> objects) {
        if (!definition.kind().equals("FlowSchema") || definition.custom()) {
            return objects;
        }
        List<ObjectNode> sorted = new ArrayList<>(objects);
        sorted.sort(Comparator.comparingInt(Tables::precedence).thenComparing(ObjectTree::name));
        return sorted;
    }

    private static int precedence(JsonNode schema) {
        return schema.path("spec").path("matchingPrecedence").asInt(0);
    }
}
