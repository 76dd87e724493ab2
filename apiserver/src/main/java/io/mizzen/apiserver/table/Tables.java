package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Placeholder while the room is being furnished: the default columns. */
public final class Tables {
    private Tables() {}

    /** What a row carries besides its cells. */
    public enum IncludeObject {
        NONE,
        METADATA,
        OBJECT
    }

    public static ObjectNode table(
            ResourceDefinition definition,
            List<ObjectNode> objects,
            IncludeObject include,
            Instant now,
            String resourceVersion,
            String continueToken,
            @Nullable Long remaining) {
        ObjectNode table = JsonNodeFactory.instance.objectNode();
        table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        table.putObject("metadata").put("resourceVersion", resourceVersion);
        ArrayNode columns = table.putArray("columnDefinitions");
        columns.addObject().put("name", "Name").put("type", "string").put("format", "name").put("description", "").put("priority", 0);
        columns.addObject().put("name", "Created At").put("type", "date").put("format", "").put("description", "").put("priority", 0);
        ArrayNode rows = table.putArray("rows");
        for (ObjectNode object : objects) {
            ObjectNode row = rows.addObject();
            row.putArray("cells").add(ObjectTree.name(object)).add(ObjectTree.text(object, "metadata", "creationTimestamp"));
            if (include == IncludeObject.METADATA) {
                ObjectNode partial = row.putObject("object");
                partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
                partial.set("metadata", object.get("metadata"));
            } else if (include == IncludeObject.OBJECT) {
                row.set("object", object);
            }
        }
        return table;
    }
}
