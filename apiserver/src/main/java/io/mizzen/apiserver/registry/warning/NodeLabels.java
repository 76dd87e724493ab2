// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.FieldErrors.at;
import static io.mizzen.apiserver.schema.FieldErrors.atKey;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/** Labels of nodes that have had another name for long, wherever an object selects nodes by them. */
final class NodeLabels {
    private static final Map<String, String> DEPRECATED = Map.of(
            "beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
            "beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead",
            "failure-domain.beta.kubernetes.io/region",
                    "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
            "failure-domain.beta.kubernetes.io/zone",
                    "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
            "beta.kubernetes.io/instance-type",
                    "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
            "app.kubernetes.io/created-by", "deprecated since v1.9",
            "scheduler.alpha.kubernetes.io/preferAvoidPods",
                    "deprecated since v1.22; use Taints and Tolerations instead",
            "node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead");

    private NodeLabels() {}

    /** The keys of a map of labels. */
    static void map(List<String> warnings, String path, JsonNode labels) {
        labels.fieldNames().forEachRemaining(key -> {
            String message = DEPRECATED.get(key);
            if (message != null) {
                warnings.add(atKey(path, key) + ": " + message);
            }
        });
    }

    /** A field that holds one key. */
    static void key(List<String> warnings, String path, JsonNode key) {
        String message = DEPRECATED.get(key.asText(""));
        if (message != null) {
            warnings.add(path + ": " + key.asText() + " is " + message);
        }
    }

    /** The expressions of a list of terms; {@code inner} is where a term keeps its selector, empty for the term itself. */
    static void terms(List<String> warnings, String path, JsonNode terms, String inner, String expressions) {
        for (int i = 0; i < terms.size(); i++) {
            JsonNode term = inner.isEmpty() ? terms.get(i) : terms.get(i).path(inner);
            String field = inner.isEmpty() ? at(path, i) : at(at(path, i), inner);
            JsonNode list = term.path(expressions);
            for (int j = 0; j < list.size(); j++) {
                key(
                        warnings,
                        at(at(at(field, expressions), j), "key"),
                        list.get(j).path("key"));
            }
        }
    }
}
