// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.patch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrategicLayerTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{a: 1}                            | {b: 2}                         | {\"a\":1,\"b\":2}",
                "{a: {b: 1, c: 2}}                 | {a: {c: null, d: 3}}           | {\"a\":{\"b\":1,\"d\":3}}",
                "{args: [x, y]}                    | {args: [z]}                    | {\"args\":[\"z\"]}",
                "{env: [{name: A, value: '1'}]}    | {env: [{name: A, value: '2'}]} | {\"env\":[{\"name\":\"A\",\"value\":\"2\"}]}",
                "{env: [{name: A}, {name: B}]}     | {env: [{name: X}]}             | {\"env\":[{\"name\":\"X\"},{\"name\":\"A\"},{\"name\":\"B\"}]}",
                "{env: [{name: A}, {name: B}]}     | {env: [{name: B}, {name: X}]}  | {\"env\":[{\"name\":\"A\"},{\"name\":\"B\"},{\"name\":\"X\"}]}",
                "{env: [{name: A}, {name: B}]}     | {env: [{name: B}, {name: A}]}  | {\"env\":[{\"name\":\"B\"},{\"name\":\"A\"}]}",
                "{env: [{name: A}]}                | {env: []}                      | {\"env\":[{\"name\":\"A\"}]}",
                "{env: wrong}                      | {env: [{name: A}]}             | {\"env\":[{\"name\":\"A\"}]}",
            })
    void laysAPartOfAContainerOverAContainer(String container, String layer, String expected) {
        ObjectNode target = (ObjectNode) Yaml.parse(container);

        StrategicLayer.lay(
                target,
                Yaml.parse(layer),
                Schemas.of("v1", "Pod").property("spec").property("containers").items());

        assertThat(Json.compact(target)).isEqualTo(expected);
    }
}
