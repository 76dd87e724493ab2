// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StructuralCheckTest {

    private static List<String> problems(String schema) {
        FieldErrors errors = new FieldErrors();
        StructuralValidation.checkSchema(tree(schema), "s", errors);
        return errors.causes().stream()
                .map(cause -> cause.field() + ": " + cause.message())
                .toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{properties: {a: {type: string}}}|s.type: Required value: must not be empty at the root",
                "{type: array, items: {type: string}}|s.type: Invalid value: \"array\": must be object at the root",
                "{type: object, properties: {a: {}}}|s.properties[a].type: Required value: must not be empty for specified object fields",
                "{type: object, properties: {a: {type: array, items: {}}}}|s.properties[a].items.type: Required value: must not be empty for specified array items",
                "{type: object, properties: {a: {type: array}}}|s.properties[a].items: Required value: must be specified",
                "{type: object, additionalProperties: {type: string}}|s.additionalProperties: Forbidden: must not be used at the root",
                "{type: object, properties: {a: {type: string, uniqueItems: true}}}|s.properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
                "{type: object, properties: {a: {type: object, additionalProperties: false}}}|s.properties[a].additionalProperties: Forbidden: additionalProperties cannot be set to false",
                "{type: object, properties: {a: {type: string, $ref: x}}}|s.properties[a].$ref: Forbidden: $ref is not supported",
                "{type: object, properties: {a: {type: text}}}|s.properties[a].type: Unsupported value: \"text\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"",
                "{type: object, properties: {a: {type: string, pattern: '('}}}|s.properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`",
                "{type: object, properties: {metadata: {type: object, properties: {labels: {type: object}}}}}|s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
                "{type: object, properties: {kind: {type: integer}}}|s.properties[kind].type: Invalid value: \"integer\": must be string",
                "{type: object, properties: {a: {type: object, x-kubernetes-embedded-resource: true}}}|s.properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
                "{type: object, anyOf: [{properties: {a: {minimum: 1}}}]}|s.properties[a]: Required value: because it is defined in s.anyOf[0].properties[a]",
                "{type: object, properties: {a: {type: integer, allOf: [{type: integer}]}}}|s.properties[a].allOf[0].type: Forbidden: must be empty to be structural",
                "{type: object, properties: {a: {type: integer, not: {nullable: true}}}}|s.properties[a].not.nullable: Forbidden: must be false to be structural",
                "{type: object, properties: {a: {type: array, items: {type: string}, x-kubernetes-list-type: map}}}|s.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
                "{type: object, properties: {a: {type: array, items: {type: object, properties: {k: {type: string}}}, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k]}}}|s.properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
                "{type: object, properties: {a: {type: string, default: 5}}}|s.properties[a].default: Invalid value: \"integer\": s.properties[a].default in body must be of type string: \"integer\"",
                "{type: object, properties: {a: {type: object, default: {x: 1}, properties: {b: {type: string}}}}}|s.properties[a].default: Invalid value: {\"x\":1}: must not have unknown fields",
            })
    void tellsWhyASchemaIsNotStructural(String schema, String problem) {
        assertThat(problems(schema)).containsExactly(problem);
    }

    @Test
    void acceptsStructuralSchemas() {
        assertThat(problems("""
                type: object
                properties:
                  apiVersion: {type: string}
                  kind: {type: string}
                  metadata: {type: object, properties: {name: {type: string, pattern: '^a'}}}
                  spec:
                    type: object
                    required: [a]
                    properties:
                      a: {type: string, default: x, enum: [x, y]}
                      port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
                      free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                      any: {x-kubernetes-preserve-unknown-fields: true}
                      l:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [k]
                        items: {type: object, required: [k], properties: {k: {type: string}}}
                    oneOf: [{required: [a]}, {properties: {a: {enum: [y]}}}]
                    x-kubernetes-validations: [{rule: "self.a != 'z'"}]
                """)).isEmpty();
    }

    @Test
    void compilesRules() {
        assertThat(problems(
                        "{type: object, x-kubernetes-validations: [{rule: 'self.a +'}, {rule: '1 + 1'}, {rule: ''}]}"))
                .hasSize(3)
                .satisfies(problems -> assertThat(problems.get(0))
                        .startsWith(
                                "s.x-kubernetes-validations[0].rule: Invalid value: \"self.a +\": compilation failed: "
                                        + "ERROR: <input>:1:"))
                .satisfies(problems -> assertThat(problems.get(1))
                        .isEqualTo("s.x-kubernetes-validations[1].rule: Invalid value: \"1 + 1\": compilation failed: "
                                + "cel expression must evaluate to a bool"))
                .satisfies(problems -> assertThat(problems.get(2))
                        .isEqualTo("s.x-kubernetes-validations[2].rule: Required value: rule is not specified"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "self.b > 1|undefined field 'b'",
                "self.metadata.labels.x == 'a'|undefined field 'labels'",
                "self.a > 'x'|found no matching overload for '_>_'",
                "self.m.all(k, self.m[k].startsWith('x'))|found no matching overload for 'startsWith'",
                "self.a > 1 && self.m['x'] < 2 && self.t < timestamp('2026-01-01T00:00:00Z') && self.p.x == 1|",
                "self == oldSelf && self.n__dash__x.all(e, e.k == 1) && self.i == '5%'|",
            })
    void checksTheTypesOfRules(String rule, String problem) {
        List<String> problems =
                problems("{type: object, x-kubernetes-validations: [{rule: " + GoText.quote(rule) + "}], "
                        + "properties: {a: {type: integer}, m: {type: object, additionalProperties: {type: integer}}, "
                        + "t: {type: string, format: date-time}, p: {x-kubernetes-preserve-unknown-fields: true}, "
                        + "i: {x-kubernetes-int-or-string: true}, "
                        + "n-x: {type: array, items: {type: object, properties: {k: {type: integer}}}}}}");

        if (problem == null) {
            assertThat(problems).isEmpty();
        } else {
            assertThat(problems).singleElement().asString().contains("compilation failed: ERROR: <input>:1:", problem);
        }
    }
}
