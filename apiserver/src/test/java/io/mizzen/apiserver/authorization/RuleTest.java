// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.apiserver.authentication.UserInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RuleTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'verbs':['*'],'apiGroups':['*'],'resources':['*']} | get | apps | deployments | '' | x | true",
                "{'verbs':['get'],'apiGroups':[''],'resources':['pods']} | get | '' | pods | '' | x | true",
                "{'verbs':['get'],'apiGroups':[''],'resources':['pods']} | list | '' | pods | '' | '' | false",
                "{'verbs':['get'],'apiGroups':[''],'resources':['pods']} | get | '' | pods | log | x | false",
                "{'verbs':['get'],'apiGroups':[''],'resources':['pods/log']} | get | '' | pods | log | x | true",
                "{'verbs':['get'],'apiGroups':['apps'],'resources':['*/scale']} | get | apps | deployments | scale | x | true",
                "{'verbs':['get'],'apiGroups':[''],'resources':['pods'],'resourceNames':['x']} | get | '' | pods | '' | x | true",
                "{'verbs':['get'],'apiGroups':[''],'resources':['pods'],'resourceNames':['x']} | get | '' | pods | '' | y | false"
            })
    void matchesAsUpstream(
            String rule, String verb, String group, String resource, String subresource, String name, boolean allowed)
            throws Exception {
        Attributes wanted =
                new Attributes(UserInfo.ANONYMOUS, verb, true, group, "v1", resource, subresource, "ns", name, "");

        assertThat(Rule.of(new ObjectMapper().readTree(rule.replace('\'', '"'))).allows(wanted))
                .isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({"/healthz,true", "/healthz/ping,true", "/metrics,false"})
    void matchesPathsByTheirBeginning(String path, boolean allowed) throws Exception {
        Rule rule = Rule.of(new ObjectMapper().readTree("{\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/healthz*\"]}"));
        Attributes wanted = new Attributes(UserInfo.ANONYMOUS, "get", false, "", "", "", "", "", "", path);

        assertThat(rule.allows(wanted)).isEqualTo(allowed);
    }
}
