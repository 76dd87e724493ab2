// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusCause;
import io.mizzen.apiserver.schema.FieldErrors;
import io.mizzen.apiserver.schema.StructuralValidation;
import java.util.List;
import java.util.Locale;

/** CustomResourceDefinitions: names filled in, schemas checked, objects cleaned up before the definition goes. */
final class CustomDefinitionStrategy implements Strategy {
    private static final String FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

    @Override
    public boolean countsGenerations() {
        return true;
    }

    @Override
    public void applyDefaults(ObjectNode crd) {
        if (crd.path("spec").path("names") instanceof ObjectNode names) {
            String kind = names.path("kind").asText("");
            if (!names.has("singular")) {
                names.put("singular", kind.toLowerCase(Locale.ROOT));
            }
            if (!names.has("listKind")) {
                names.put("listKind", kind + "List");
            }
        }
    }

    @Override
    public void prepareForCreate(WriteContext context, ObjectNode crd) {
        ArrayNode finalizers = ObjectTree.list(ObjectTree.metadata(crd), "finalizers");
        if (!ObjectTree.texts(finalizers).contains(FINALIZER)) {
            finalizers.add(FINALIZER);
        }
        ObjectNode status = ObjectTree.child(crd, "status");
        status.removeAll();
        status.putArray("conditions");
        status.putObject("acceptedNames").put("plural", "").put("kind", "");
        ArrayNode versions = status.putArray("storedVersions");
        for (JsonNode version : crd.path("spec").path("versions")) {
            if (version.path("storage").asBoolean(false)) {
                versions.add(version.path("name").asText());
            }
        }
    }

    @Override
    public List<StatusCause> validateCreate(ResourceDefinition definition, ObjectNode crd) {
        FieldErrors errors = new FieldErrors();
        int index = 0;
        for (JsonNode version : crd.path("spec").path("versions")) {
            JsonNode schema = version.path("schema").path("openAPIV3Schema");
            String path = "spec.versions[" + index++ + "].schema.openAPIV3Schema";
            if (schema.isObject()) {
                StructuralValidation.checkSchema(schema, path, errors);
            } else {
                errors.required(path, "schemas are required");
            }
        }
        return errors.causes();
    }

    @Override
    public List<StatusCause> validateUpdate(
            ResourceDefinition definition, ObjectNode crd, ObjectNode old, String subresource) {
        boolean same = crd.path("spec").equals(old.path("spec"));
        return same ? List.of() : validateCreate(definition, crd);
    }
}
