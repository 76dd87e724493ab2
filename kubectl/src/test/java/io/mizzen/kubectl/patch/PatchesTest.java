// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.patch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import org.junit.jupiter.api.Test;

class PatchesTest {
    private static String strategic(String original, String modified, String current) {
        return Json.compact(StrategicPatch.threeWay(
                Yaml.parse(original), Yaml.parse(modified), Yaml.parse(current), Schemas.of("v1", "Pod")));
    }

    @Test
    void patchesAListElementByItsMergeKey() {
        String patch = strategic(
                "spec: {containers: [{name: a, image: i1}]}",
                "spec: {containers: [{name: a, image: i2}]}",
                "spec: {containers: [{name: a, image: i1, imagePullPolicy: Always}]}");

        assertThat(patch)
                .isEqualTo(
                        "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"a\"}],\"containers\":[{\"image\":\"i2\","
                                + "\"name\":\"a\"}]}}");
    }

    @Test
    void deletesWhatWasAppliedAndIsNoLongerWanted() {
        String patch = strategic(
                "metadata: {labels: {x: '1'}}\nspec: {containers: [{name: a}, {name: b}]}",
                "metadata: {}\nspec: {containers: [{name: a}]}",
                "metadata: {labels: {x: '1', other: o}}\nspec: {containers: [{name: a}, {name: b}]}");

        assertThat(patch)
                .isEqualTo(
                        "{\"metadata\":{\"labels\":null},\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"a\"}],"
                                + "\"containers\":[{\"$patch\":\"delete\",\"name\":\"b\"}]}}");
    }

    @Test
    void leavesAloneWhatOthersHaveSet() {
        String patch = strategic(
                "spec: {containers: [{name: a}]}",
                "spec: {containers: [{name: a}]}",
                "spec: {nodeName: n, containers: [{name: a, terminationMessagePath: /x}, {name: sidecar}]}");

        assertThat(patch).isEqualTo("{}");
    }

    @Test
    void makesAMergePatchForKindsWithoutSchema() {
        JsonNode patch = MergePatch.threeWay(
                Yaml.parse("spec: {a: 1, gone: 2}"),
                Yaml.parse("spec: {a: 3, l: [1]}"),
                Yaml.parse("spec: {a: 1, gone: 2, o: 4}"));

        assertThat(Json.compact(patch)).isEqualTo("{\"spec\":{\"a\":3,\"gone\":null,\"l\":[1]}}");
    }
}
