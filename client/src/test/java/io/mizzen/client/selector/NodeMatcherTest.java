// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client.selector;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodSpec;
import io.mizzen.client.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NodeMatcherTest {

    private static final Map<String, String> LABELS = Map.of("disk", "ssd", "cores", "8");

    @Test
    void everyNodeSuitsAPodThatAsksForNothing() {
        assertThat(spec("{}").hasRequirements()).isFalse();
        assertThat(suits("{}")).isTrue();
    }

    @Test
    void nodeSelectorAsksForEveryLabel() {
        assertThat(suits("{'nodeSelector': {'disk': 'ssd'}}")).isTrue();
        assertThat(suits("{'nodeSelector': {'disk': 'ssd', 'zone': 'a'}}")).isFalse();
    }

    @Test
    void readsEachOperator() {
        assertThat(suits(required(label("disk", "In", "'hdd', 'ssd'")))).isTrue();
        assertThat(suits(required(label("disk", "NotIn", "'ssd'")))).isFalse();
        assertThat(suits(required(label("zone", "NotIn", "'a'")))).isTrue();
        assertThat(suits(required(label("disk", "Exists", "")))).isTrue();
        assertThat(suits(required(label("disk", "DoesNotExist", "")))).isFalse();
        assertThat(suits(required(label("cores", "Gt", "'4'")))).isTrue();
        assertThat(suits(required(label("cores", "Gt", "'8'")))).isFalse();
        assertThat(suits(required(label("cores", "Lt", "'9'")))).isTrue();
    }

    @Test
    void badRequirementsMatchNothing() {
        assertThat(suits(required(label("cores", "Odd", "")))).isFalse();
        assertThat(suits(required(label("cores", "Gt", "")))).isFalse();
        assertThat(suits(required(label("cores", "Gt", "'4', '5'")))).isFalse();
        assertThat(suits(required(label("disk", "Lt", "'9'")))).as("no number").isFalse();
        assertThat(suits(required(label("zone", "Lt", "'9'")))).as("no label").isFalse();
    }

    @Test
    void oneTermSufficesAndAllOfItMustHold() {
        String right = label("disk", "Exists", "");
        String wrong = label("zone", "Exists", "");

        assertThat(suits(required(wrong, right))).isTrue();
        assertThat(
                        suits(
                                required(
                                        "{'matchExpressions': [{'key': 'disk', 'operator': 'Exists'}, {'key': 'zone', 'operator': 'Exists'}]}")))
                .isFalse();
        assertThat(suits(required("{}"))).as("an empty term matches nothing").isFalse();
        assertThat(suits(required())).as("nor does an empty list of terms").isFalse();
    }

    @Test
    void fieldsAreTheNodesName() {
        NodeMatcher named = spec(required(name("a", "n"), name("b")));

        assertThat(named.matches("n", Map.of())).isTrue();
        assertThat(named.matches("m", Map.of())).isFalse();
        assertThat(named.nodeNames()).containsExactlyInAnyOrder("a", "b", "n");
        assertThat(spec(required(name("a"), label("disk", "Exists", ""))).nodeNames())
                .as("some term names none")
                .isNull();
    }

    @Test
    void leavesOutPreferencesWithoutWeight() {
        NodeMatcher matcher = spec("{'affinity': {'nodeAffinity': {'preferredDuringSchedulingIgnoredDuringExecution': ["
                + "{'weight': 0, 'preference': " + label("disk", "Exists", "") + "},"
                + "{'weight': 5, 'preference': " + label("disk", "Exists", "") + "}]}}}");

        assertThat(matcher.hasRequirements()).isFalse();
        assertThat(matcher.preferred())
                .extracting(NodeMatcher.Preferred::weight)
                .containsExactly(5);
    }

    private static boolean suits(String pod) {
        return spec(pod).matches("n", LABELS);
    }

    private static NodeMatcher spec(String json) {
        return NodeMatcher.of(Json.model(Json.parse(json.replace('\'', '"')), PodSpec.class));
    }

    private static String required(String... terms) {
        return "{'affinity': {'nodeAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': {'nodeSelectorTerms': ["
                + String.join(",", terms) + "]}}}}";
    }

    private static String label(String key, String operator, String values) {
        return "{'matchExpressions': [{'key': '" + key + "', 'operator': '" + operator + "', 'values': [" + values
                + "]}]}";
    }

    private static String name(String... names) {
        return "{'matchFields': [{'key': 'metadata.name', 'operator': 'In', 'values': ['" + String.join("','", names)
                + "']}]}";
    }
}
