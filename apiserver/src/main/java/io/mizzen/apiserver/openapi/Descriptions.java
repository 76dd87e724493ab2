// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/**
 * What definitions and fields mean, for {@code kubectl explain}: read from {@code descriptions.json}, which has an object
 * a definition with a text a field, the empty field standing for the definition itself.
 */
final class Descriptions {
    private static final String API = "io.k8s.api.";
    private static final String MACHINERY = "io.k8s.apimachinery.pkg.apis.";

    private final JsonNode texts;

    private Descriptions(JsonNode texts) {
        this.texts = texts;
    }

    /** Reads the data file; the caller keeps the result only as long as it makes a document. */
    static Descriptions load() {
        try (InputStream in = Objects.requireNonNull(Descriptions.class.getResourceAsStream("descriptions.json"))) {
            return new Descriptions(new ObjectMapper().readTree(in));
        } catch (IOException broken) {
            throw new UncheckedIOException("the descriptions cannot be read", broken);
        }
    }

    /** Text of a definition, empty if there is none. */
    String of(String definition) {
        return of(definition, "");
    }

    /** Text of a field, empty if there is none. */
    String of(String definition, String field) {
        String text = texts.path(shortName(definition)).path(field).asText("");
        if (!text.isEmpty()) {
            return text;
        }
        return switch (field) {
            case "apiVersion", "kind", "metadata", "spec", "status", "items" ->
                texts.path("*").path(field).asText("");
            default -> "";
        };
    }

    private static String shortName(String definition) {
        if (definition.startsWith(API)) {
            return definition.substring(API.length());
        }
        return definition.startsWith(MACHINERY) ? definition.substring(MACHINERY.length()) : definition;
    }
}
