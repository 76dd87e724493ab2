// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.StructuralValidationTest.errors;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules in CEL that a schema has: x-kubernetes-validations. */
class CelRulesTest {
    private static final String RULES = """
            type: object
            x-kubernetes-validations:
            - {rule: "self.metadata.name.startsWith('a')", message: name must start with a}
            properties:
              spec:
                type: object
                x-kubernetes-validations:
                - {rule: self.min <= self.replicas, messageExpression: "'replicas must be at least %d'.format([self.min])", fieldPath: .replicas}
                - {rule: "!has(self.until) || self.until > timestamp('2026-01-01T00:00:00Z')"}
                - {rule: "self.names.isSorted() && self.names.all(n, n.find('[0-9]+') == '')", message: bad names, reason: FieldValueForbidden}
                properties:
                  min: {type: integer}
                  replicas: {type: integer}
                  until: {type: string, format: date-time}
                  names: {type: array, items: {type: string}}
                  fixed:
                    type: string
                    x-kubernetes-validations: [{rule: self == oldSelf, message: fixed is immutable}]
                  once:
                    type: string
                    x-kubernetes-validations: [{rule: "oldSelf.hasValue() || self == 'first'", optionalOldSelf: true, message: must begin with first}]
                  b-c.d: {type: integer, x-kubernetes-validations: [{rule: self < 10}]}
                  m:
                    type: object
                    additionalProperties: {type: integer, x-kubernetes-validations: [{rule: self > 0, message: must be positive}]}
            """;

    @Test
    void acceptsWhatTheRulesAllow() {
        assertThat(errors(
                        RULES,
                        "{metadata: {name: ab}, spec: {min: 1, replicas: 2, until: '2027-01-01T00:00:00Z', "
                                + "names: [a, b], once: first, b-c.d: 1, m: {x: 1}}}",
                        null))
                .isEmpty();
    }

    @Test
    void tellsWhichRulesFail() {
        assertThat(errors(
                        RULES,
                        "{metadata: {name: b}, spec: {min: 3, replicas: 2, until: '2025-01-01T00:00:00Z', "
                                + "names: [b, a], fixed: x, once: second, b-c.d: 10, m: {x: 0}}}",
                        null))
                .containsExactlyInAnyOrder(
                        "<nil>: Invalid value: \"object\": name must start with a",
                        "spec.replicas: Invalid value: \"object\": replicas must be at least 3",
                        "spec: Invalid value: \"object\": failed rule: !has(self.until) || self.until > "
                                + "timestamp('2026-01-01T00:00:00Z')",
                        "spec: Forbidden: bad names",
                        "spec.once: Invalid value: \"string\": must begin with first",
                        "spec.b-c.d: Invalid value: \"integer\": failed rule: self < 10",
                        "spec.m[x]: Invalid value: \"integer\": must be positive");
    }

    @Test
    void comparesWithTheOldValueOnUpdate() {
        String old = "{metadata: {name: ab}, spec: {min: 1, replicas: 2, names: [], fixed: x, once: first}}";

        assertThat(errors(RULES, old.replace("fixed: x", "fixed: y").replace("once: first", "once: z"), old))
                .containsExactly("spec.fixed: Invalid value: \"string\": fixed is immutable");
        assertThat(errors(
                        RULES,
                        "{metadata: {name: b}, spec: {min: 3, replicas: 2, names: [], m: {x: 0, y: 0}}}",
                        "{metadata: {name: b}, spec: {min: 3, replicas: 2, names: [], m: {x: 0}}}"))
                .contains("spec.m[y]: Invalid value: \"integer\": must be positive")
                .doesNotContain("spec.m[x]: Invalid value: \"integer\": must be positive");
    }

    @Test
    void tellsEvaluationFailures() {
        String schema = "{type: object, properties: {spec: {type: object, x-kubernetes-validations: "
                + "[{rule: self.a > 1}], properties: {a: {type: integer}}}}}";

        assertThat(errors(schema, "{spec: {}}", null))
                .containsExactly("spec: Invalid value: \"object\": no such key: a evaluating rule: self.a > 1");
    }

    @Test
    void skipsRulesOfInvalidObjects() {
        assertThat(errors(RULES, "{metadata: {name: b}, spec: {min: x}}", null))
                .containsExactly(
                        "spec.min: Invalid value: \"string\": spec.min in body must be of type integer: \"string\"",
                        "<nil>: Invalid value: \"null\": some validation rules were not checked because the object was "
                                + "invalid; correct the existing errors to complete validation");
    }

    @Test
    void boundsWhatARuleMayCost() {
        StringBuilder list = new StringBuilder("[0");
        for (int i = 1; i < 400; i++) {
            list.append(',').append(i);
        }
        String schema = "{type: object, properties: {spec: {type: object, x-kubernetes-validations: "
                + "[{rule: 'self.l.all(a, self.l.all(b, a + b >= 0))'}], properties: "
                + "{l: {type: array, items: {type: integer}}}}}}";

        assertThat(errors(schema, "{spec: {l: " + list + "]}}", null))
                .singleElement()
                .asString()
                .contains("no further validation rules will be run due to call cost exceeds limit for rule");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "quantity(self.q).isLessThan(quantity('2Gi'))",
                "quantity('1500m').add(quantity('500m')).asInteger() == 2",
                "isQuantity(self.q) && !isQuantity('x')",
                "url('https://example.com:80/a').getHostname() == 'example.com'",
                "isURL('https://example.com') && !isURL('::')",
                "isIP('10.0.0.1') && isIP('::1') && !isIP('a') && isCIDR('10.0.0.0/8')",
                "self.n.sum() == 6 && self.n.max() == 3 && self.n.min() == 1 && self.n.isSorted()",
                "'%s is %d or %.2f, %x'.format(['a', 5, 1.5, 255]) == 'a is 5 or 1.50, ff'",
                "'a1b22'.findAll('[0-9]+') == ['1', '22']",
                "self.?missing.orValue('d') == 'd'",
                "self.n.exists_one(x, x == 2) && size(self.n) == 3 && self.q in ['1Gi', '2Gi']",
                "sets.contains(self.n, [1, 2]) && 'a,b'.split(',') == ['a', 'b']",
                "self.f > 1 && self.f < 2",
                "duration('1h').getMinutes() == 60",
                "type(self.i) == int && string(self.i) == '5'",
            })
    void offersTheFunctionsOfKubernetes(String rule) {
        String schema = "{type: object, properties: {spec: {type: object, x-kubernetes-validations: [{rule: "
                + GoText.quote(rule)
                + "}], properties: {missing: {type: string}, q: {type: string}, n: {type: array, items: {type: integer}}, "
                + "f: {type: number}, i: {x-kubernetes-int-or-string: true}}}}}";

        assertThat(errors(schema, "{spec: {q: 1Gi, n: [1, 2, 3], f: 1.5, i: 5}}", null))
                .isEmpty();
        assertThat(errors(
                        schema.replace("{rule: \"", "{rule: \"!(").replace("\"}], prop", ")\"}], prop"),
                        "{spec: {q: 1Gi, n: [1, 2, 3], f: 1.5, i: 5}}",
                        null))
                .singleElement()
                .asString()
                .contains("failed rule");
    }
}
