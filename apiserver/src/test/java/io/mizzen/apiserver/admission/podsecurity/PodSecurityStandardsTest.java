// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission.podsecurity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.apiserver.admission.podsecurity.PolicyLevel.Level;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * The pods that upstream's own tests let in and refuse, by level and by range of minor versions, and the words of a refusal.
 */
class PodSecurityStandardsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void letsInAndRefusesWhatUpstreamDoes() throws IOException {
        List<String> wrong = new ArrayList<>();
        int judged = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(getClass().getResourceAsStream("pods.jsonl")), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode example = JSON.readTree(line);
                Level level = PolicyLevel.level(example.path("level").asText()).orElseThrow();
                for (JsonNode range : example.path("minors")) {
                    for (int minor = range.get(0).asInt(); minor <= range.get(1).asInt(); minor++) {
                        PolicyLevel policy = new PolicyLevel(level, minor);
                        String found = PodSecurityStandards.violations(example.path("pod"), policy);
                        judged++;
                        if (found.isEmpty() != example.path("passes").asBoolean()) {
                            wrong.add(policy + " " + example.path("case").asText() + ": " + found);
                        }
                    }
                }
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(judged).isGreaterThan(4000);
    }

    @Test
    void saysWhatIsWrongInUpstreamsWords() throws IOException {
        PolicyLevel newest = new PolicyLevel(Level.RESTRICTED, PolicyLevel.LATEST);

        assertThat(newest).hasToString("restricted:latest");
        assertThat(PodSecurityStandards.violations(
                        JSON.readTree("{\"spec\":{\"containers\":[{\"name\":\"c\"}]}}"), newest))
                .isEqualTo("allowPrivilegeEscalation != false (container \"c\" must set"
                        + " securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"c\""
                        + " must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or"
                        + " container \"c\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or"
                        + " container \"c\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or"
                        + " \"Localhost\")");
    }

    @Test
    void namesAllHostNamespacesAndPorts() throws IOException {
        PolicyLevel baseline = new PolicyLevel(Level.BASELINE, 30);
        JsonNode pod = JSON.readTree("""
                {"spec":{"hostNetwork":true,"hostPID":true,"containers":[
                 {"name":"a","ports":[{"hostPort":80}]},{"name":"b","ports":[{"hostPort":443}]}]}}""");

        assertThat(PodSecurityStandards.violations(pod, baseline))
                .isEqualTo("host namespaces (hostNetwork=true, hostPID=true), hostPort (containers \"a\", \"b\" use"
                        + " hostPorts 80, 443)");
    }

    @Test
    void readsLevelsAndVersionsAsLabelsWriteThem() {
        assertThat(PolicyLevel.level("Restricted")).isEmpty();
        assertThat(PolicyLevel.minor("v1.35")).contains(35);
        assertThat(PolicyLevel.minor("latest")).contains(PolicyLevel.LATEST);
        assertThat(PolicyLevel.minor("v1.035")).isEmpty();
        assertThat(PolicyLevel.minor("1.35")).isEmpty();
    }
}
