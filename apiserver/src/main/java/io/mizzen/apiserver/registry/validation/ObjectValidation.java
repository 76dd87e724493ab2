// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.status.StatusCause;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Validates objects with upstream's paths and texts. Kinds without rules of their own, and custom resources, are held to
 * the rules about metadata only; their schemas have been checked before.
 */
public final class ObjectValidation {
    private static final Map<String, KindRules> RULES = rules();

    private ObjectValidation() {}

    private static Map<String, KindRules> rules() {
        Map<String, KindRules> rules = new HashMap<>();
        rules.put("Pod", new PodRules());
        WorkloadRules.register(rules);
        NetworkRules.register(rules);
        ConfigRules.register(rules);
        PolicyRules.register(rules);
        rules.put("CertificateSigningRequest.certificates.k8s.io", new SigningRequestRules());
        return Map.copyOf(rules);
    }

    private static String key(ResourceDefinition definition) {
        if (definition.custom()) {
            return "";
        }
        return definition.group().isEmpty() ? definition.kind() : definition.kind() + "." + definition.group();
    }

    /**
     * Reasons to refuse a new object.
     *
     * @param object in the stored version, with defaults and server-set metadata
     */
    public static List<StatusCause> validateCreate(ResourceDefinition definition, ObjectNode object) {
        FieldErrors errors = new FieldErrors();
        MetadataRules.check(errors, definition, object);
        KindRules rules = RULES.get(key(definition));
        if (rules != null) {
            rules.check(errors, object);
        }
        if (rules instanceof PodRules) {
            PodRules.create(errors, object);
        }
        return errors.causes();
    }

    /** Reasons to refuse a change of the main resource. */
    public static List<StatusCause> validateUpdate(ResourceDefinition definition, ObjectNode object, ObjectNode old) {
        return validateUpdate(definition, object, old, "");
    }

    /**
     * Reasons to refuse a change.
     *
     * @param subresource empty for the main resource; a subresource keeps the spec, so only metadata is looked at
     */
    public static List<StatusCause> validateUpdate(
            ResourceDefinition definition, ObjectNode object, ObjectNode old, String subresource) {
        FieldErrors errors = new FieldErrors();
        MetadataRules.check(errors, definition, object);
        MetadataRules.change(errors, object, old);
        KindRules rules = RULES.get(key(definition));
        if (rules != null && subresource.isEmpty()) {
            rules.check(errors, object);
            rules.change(errors, object, old);
        } else if (rules != null) {
            rules.subresourceChange(errors, object, old, subresource);
        }
        return errors.causes();
    }
}
