// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.Trees.object;
import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.apiserver.patch.ManagedFields;
import io.mizzen.apiserver.schema.Decoder.Decoded;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StructuralValidationTest {
    private static final GroupVersionKind CRON_TAB = new GroupVersionKind("stable.example.com", "v1", "CronTab");

    /** What is wrong with a value, and for an update with what it was. */
    static List<String> errors(String schema, String value, @Nullable String old) {
        FieldErrors errors = new FieldErrors();
        StructuralValidation validation = StructuralValidation.of(tree(schema));
        ObjectNode before = old == null ? null : object(old);
        validation.validate(object(value), before, errors);
        return errors.causes().stream()
                .map(cause -> cause.field() + ": " + cause.message())
                .toList();
    }

    /** The errors of a value at {@code spec.x} that has the given schema. */
    private static List<String> errorsOf(String schema, String value) {
        return errors(
                "{type: object, properties: {spec: {type: object, properties: {x: " + schema + "}}}}",
                "{spec: {x: " + value + "}}",
                null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{type: integer}|a|spec.x: Invalid value: \"string\": spec.x in body must be of type integer: \"string\"",
                "{type: integer}|1.5|spec.x: Invalid value: \"number\": spec.x in body must be of type integer: \"number\"",
                "{type: string}|1|spec.x: Invalid value: \"integer\": spec.x in body must be of type string: \"integer\"",
                "{type: string}|null|spec.x: Invalid value: \"null\": spec.x in body must be of type string: \"null\"",
                "{type: object}|[]|spec.x: Invalid value: \"array\": spec.x in body must be of type object: \"array\"",
                "{type: boolean}|{}|spec.x: Invalid value: \"object\": spec.x in body must be of type boolean: \"object\"",
                "{x-kubernetes-int-or-string: true}|true|spec.x: Invalid value: \"boolean\": spec.x in body must be of type integer,string: \"boolean\"",
                "{type: string, enum: [a, b]}|c|spec.x: Unsupported value: \"c\": supported values: \"a\", \"b\"",
                "{type: integer, enum: [1, 2]}|3|spec.x: Unsupported value: 3: supported values: \"1\", \"2\"",
                "{type: string, pattern: '^a+$'}|b|spec.x: Invalid value: \"b\": spec.x in body should match '^a+$'",
                "{type: string, maxLength: 2}|abc|spec.x: Too long: may not be more than 2 bytes",
                "{type: string, minLength: 2}|a|spec.x: Invalid value: \"a\": spec.x in body should be at least 2 chars long",
                "{type: integer, maximum: 10}|12|spec.x: Invalid value: 12: spec.x in body should be less than or equal to 10",
                "{type: integer, maximum: 10, exclusiveMaximum: true}|10|spec.x: Invalid value: 10: spec.x in body should be less than 10",
                "{type: number, minimum: 0.5}|0.25|spec.x: Invalid value: 0.25: spec.x in body should be greater than or equal to 0.5",
                "{type: integer, multipleOf: 5}|7|spec.x: Invalid value: 7: spec.x in body should be a multiple of 5",
                "{type: array, items: {type: string}, minItems: 1}|[]|spec.x: Invalid value: 0: spec.x in body should have at least 1 items",
                "{type: array, items: {type: string}, maxItems: 1}|[a, b]|spec.x: Too many: 2: must have at most 1 item",
                "{type: array, items: {type: string}}|[a, 1]|spec.x[1]: Invalid value: \"integer\": spec.x[1] in body must be of type string: \"integer\"",
                "{type: array, items: {type: string}, x-kubernetes-list-type: set}|[a, b, a]|spec.x[2]: Duplicate value: \"a\"",
                "{type: array, items: {type: object, properties: {k: {type: string}}}, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k]}|[{k: a}, {k: a}]|spec.x[1]: Duplicate value: {\"k\":\"a\"}",
                "{type: object, required: [a]}|{}|spec.x.a: Required value",
                "{type: object, additionalProperties: {type: integer}}|{a: b}|spec.x.a: Invalid value: \"string\": spec.x.a in body must be of type integer: \"string\"",
                "{type: object, maxProperties: 1, additionalProperties: {type: integer}}|{a: 1, b: 2}|spec.x: Too many: 2: must have at most 1 item",
                "{type: string, format: date-time}|soon|spec.x: Invalid value: \"soon\": spec.x in body must be of type date-time: \"soon\"",
                "{type: string, format: ipv4}|1.2.3|spec.x: Invalid value: \"1.2.3\": spec.x in body must be of type ipv4: \"1.2.3\"",
                "{type: string, not: {enum: [a]}}|a|<nil>: Invalid value: \"\": \"spec.x\" must not validate the schema (not)",
            })
    void tellsWhatIsWrongWithAValue(String schema, String value, String error) {
        assertThat(errorsOf(schema, value)).containsExactly(error);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{type: integer}|5",
                "{type: number}|5",
                "{type: string, nullable: true}|null",
                "{x-kubernetes-int-or-string: true}|5",
                "{x-kubernetes-int-or-string: true}|5%",
                "{x-kubernetes-preserve-unknown-fields: true}|{a: [1, b]}",
                "{type: string, format: date-time}|'2026-01-02T03:04:05Z'",
                "{type: string, format: ipv6}|'fe80::1'",
                "{type: string, format: cidr}|10.0.0.0/8",
                "{type: string, format: uuid}|123e4567-e89b-12d3-a456-426614174000",
                "{type: string, format: duration}|1h30m",
                "{type: string, format: made-up}|anything",
                "{type: string, pattern: 'b'}|abc",
                "{type: integer, anyOf: [{minimum: 5}, {maximum: 1}]}|0",
                "{type: integer, oneOf: [{minimum: 5}, {maximum: 1}]}|7",
                "{type: integer, allOf: [{minimum: 5}, {maximum: 9}]}|7",
            })
    void acceptsWhatFits(String schema, String value) {
        assertThat(errorsOf(schema, value)).isEmpty();
    }

    @Test
    void tellsWhichAlternativesFailed() {
        assertThat(errorsOf("{type: integer, anyOf: [{minimum: 5}, {maximum: 1}]}", "3"))
                .containsExactly(
                        "<nil>: Invalid value: \"\": \"spec.x\" must validate at least one schema (anyOf)",
                        "spec.x: Invalid value: 3: spec.x in body should be greater than or equal to 5");
        assertThat(errorsOf("{type: integer, oneOf: [{minimum: 1}, {maximum: 5}]}", "3"))
                .containsExactly(
                        "<nil>: Invalid value: \"\": \"spec.x\" must validate one and only one schema (oneOf). "
                                + "Found 2 valid alternatives");
        assertThat(errorsOf(
                        "{type: object, properties: {a: {type: string}, b: {type: string}}, "
                                + "oneOf: [{required: [a]}, {required: [b]}]}",
                        "{}"))
                .containsExactly(
                        "<nil>: Invalid value: \"\": \"spec.x\" must validate one and only one schema (oneOf). "
                                + "Found none valid",
                        "spec.x.a: Required value");
        assertThat(errorsOf("{type: integer, allOf: [{minimum: 5}, {maximum: 9}]}", "3"))
                .containsExactly(
                        "spec.x: Invalid value: 3: spec.x in body should be greater than or equal to 5",
                        "<nil>: Invalid value: \"\": \"spec.x\" must validate all the schemas (allOf)");
    }

    @Test
    void doesNotHoldOldErrorsAgainstAnUpdate() {
        String schema = "{type: object, properties: {spec: {type: object, properties: "
                + "{a: {type: string, maxLength: 1}, b: {type: integer}, l: {type: array, x-kubernetes-list-type: map, "
                + "x-kubernetes-list-map-keys: [k], items: {type: object, properties: {k: {type: string}, "
                + "v: {type: string, maxLength: 1}}}}}}}}";

        assertThat(errors(
                        schema,
                        "{spec: {a: long, b: 2, l: [{k: n, v: new}, {k: x, v: long}]}}",
                        "{spec: {a: long, b: 1, l: [{k: x, v: long}]}}"))
                .containsExactly("spec.l[0].v: Too long: may not be more than 1 byte");
        assertThat(errors(schema, "{spec: {a: longer}}", "{spec: {a: long}}"))
                .containsExactly("spec.a: Too long: may not be more than 1 byte");
    }

    @Test
    void prunesAndReportsUnknownFields() {
        StructuralValidation validation = StructuralValidation.of(tree("""
                type: object
                properties:
                  spec:
                    type: object
                    properties:
                      a: {type: string}
                      m: {type: object, additionalProperties: {type: object, properties: {b: {type: integer}}}}
                      l: {type: array, items: {type: object, properties: {c: {type: number}}}}
                      free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {d: {type: object}}}
                      pod: {type: object, x-kubernetes-embedded-resource: true, properties: {e: {type: string}}}
                """));

        Decoded decoded = validation.decode(tree("""
                        apiVersion: stable.example.com/v1
                        kind: CronTab
                        metadata: {name: x, foo: 1, labels: {a: b}, creationTimestamp: null}
                        top: 1
                        spec:
                          a: x
                          z: 1
                          m: {k: {b: 1, y: 2}}
                          l: [{c: 1.0}, {q: 1}]
                          free: {any: [1], d: {gone: 1}}
                          pod: {apiVersion: v1, kind: Pod, metadata: {name: p, bar: 1}, e: x, f: y}
                        """), CRON_TAB);

        assertThat(decoded.unknownFields())
                .containsExactly(
                        "metadata.foo",
                        "top",
                        "spec.z",
                        "spec.m.k.y",
                        "spec.l[1].q",
                        "spec.free.d.gone",
                        "spec.pod.metadata.bar",
                        "spec.pod.f");
        assertThat(decoded.object()).isEqualTo(tree("""
                apiVersion: stable.example.com/v1
                kind: CronTab
                metadata: {name: x, labels: {a: b}}
                spec:
                  a: x
                  m: {k: {b: 1}}
                  l: [{c: 1}, {}]
                  free: {any: [1], d: {}}
                  pod: {apiVersion: v1, kind: Pod, metadata: {name: p}, e: x}
                """));
    }

    @Test
    void refusesMetadataOfTheWrongType() {
        StructuralValidation validation = StructuralValidation.of(tree("{type: object}"));

        assertThatThrownBy(() -> validation.decode(tree("{metadata: {labels: {a: 1}}}"), CRON_TAB))
                .hasMessage(
                        "CronTab in version \"v1\" cannot be handled as a CronTab: json: cannot unmarshal number into "
                                + "Go struct field ObjectMeta.metadata.labels of type string");
    }

    @Test
    void defaultsAndDropsNulls() {
        StructuralValidation validation = StructuralValidation.of(
                tree(
                        "{type: object, properties: {spec: {type: object, "
                                + "properties: {a: {type: string, default: x}, b: {type: string}, c: {type: string, nullable: true}}}}}"));
        ObjectNode object = object("{spec: {a: null, b: null, c: null}}");

        validation.applyDefaults(object);

        assertThat(object).isEqualTo(object("{spec: {a: x, c: null}}"));
    }

    @Test
    void givesPatchesTheSchemaOfMetadata() {
        Schema schema = StructuralValidation.of(tree("{type: object, properties: {spec: {type: object, "
                        + "x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}}}"))
                .schema();

        ObjectNode applied = ManagedFields.apply(
                null,
                object(
                        "{apiVersion: stable.example.com/v1, kind: CronTab, metadata: {name: x, finalizers: [a/b], "
                                + "labels: {l: m}}, spec: {kind: Pod, metadata: {labels: {a: b}}, free: {list: [1], value: 2}}}"),
                schema,
                new ManagedFields.Request(
                        "me", "stable.example.com/v1", "", false, Instant.parse("2026-01-01T00:00:00Z"), List.of()));

        assertThat(applied.at("/metadata/managedFields/0/fieldsV1"))
                .isEqualTo(tree("{f:metadata: {f:finalizers: {'v:\"a/b\"': {}}, f:labels: {f:l: {}}}, "
                        + "f:spec: {f:kind: {}, f:metadata: {f:labels: {f:a: {}}}, "
                        + "f:free: {.: {}, f:list: {.: {}}, f:value: {.: {}}}}}".replace("{.: {}}", "{}")));
    }
}
