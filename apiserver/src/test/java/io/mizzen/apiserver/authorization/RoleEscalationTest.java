// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoleEscalationTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "get pods | get pods | ''",
                "get,list pods | get pods | ''",
                "get pods | get,list,watch pods | {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\" \"watch\"]}",
                "* * | delete secrets | ''",
                "get pods | * pods | {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"*\"]}",
                "get * | get pods/log | ''",
                "get */scale | get pods/scale | ''",
                "get pods | get pods/log | {APIGroups:[\"\"], Resources:[\"pods/log\"], Verbs:[\"get\"]}",
                "get pods one | get pods | {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\"]}",
                "get pods | get pods one | ''",
                "get pods one,two | get pods one | ''",
                "get pods one | get pods one,two | {APIGroups:[\"\"], Resources:[\"pods\"], ResourceNames:[\"two\"], Verbs:[\"get\"]}",
                "get pods + list pods | get,list pods | ''",
                "get /healthz* | get /healthz/ping | ''",
                "get /healthz | get /metrics | {NonResourceURLs:[\"/metrics\"], Verbs:[\"get\"]}",
                "get pods | get /metrics | {NonResourceURLs:[\"/metrics\"], Verbs:[\"get\"]}"
            })
    void whatOneHoldsCoversWhatOneGives(String held, String wanted, String missing) throws Exception {
        assertThat(RoleEscalation.missing(rules(held), rules(wanted)).stream().map(Rule::compact))
                .isEqualTo(missing.isEmpty() ? List.of() : List.of(missing));
    }

    /** Rules written as {@code verbs resources [names]} or {@code verbs /path}, with {@code +} between them. */
    private static List<Rule> rules(String text) throws JsonProcessingException {
        List<Rule> rules = new ArrayList<>();
        for (String rule : text.split(" \\+ ")) {
            String[] fields = rule.split(" ");
            String json = fields[1].startsWith("/")
                    ? "{\"verbs\":%s,\"nonResourceURLs\":%s}".formatted(list(fields[0]), list(fields[1]))
                    : "{\"verbs\":%s,\"apiGroups\":[\"\"],\"resources\":%s,\"resourceNames\":%s}"
                            .formatted(list(fields[0]), list(fields[1]), fields.length > 2 ? list(fields[2]) : "[]");
            rules.add(Rule.of(new ObjectMapper().readTree(json)));
        }
        return rules;
    }

    private static String list(String names) {
        return "[\"" + names.replace(",", "\",\"") + "\"]";
    }
}
