// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldSetTest {

    private static FieldSet set(String yaml) {
        return FieldSet.decode(tree(yaml));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"f:a\":{},\"f:b\":{\".\":{},\"f:c\":{}}}",
                "{\"f:a\":{\"k:{\\\"name\\\":\\\"x\\\"}\":{\".\":{},\"f:name\":{}},\"v:\\\"y\\\"\":{},\"v:5\":{},\"i:0\":{}}}",
            })
    void readsWhatItWrites(String fields) {
        FieldSet set = set(fields);

        assertThat(FieldSet.decode(set.encode())).isEqualTo(set);
        assertThat(set.encode()).isEqualTo(tree(fields));
    }

    @Test
    void putsKeysInOrder() {
        assertThat(set("{\"k:{\\\"protocol\\\": \\\"TCP\\\", \\\"containerPort\\\": 80}\": {}}")
                        .toString())
                .isEqualTo("{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{}}");
    }

    @Test
    void writesFieldsBeforeKeysBeforeValues() {
        assertThat(set("{\"v:1\": {}, \"k:{\\\"a\\\":1}\": {}, \"f:b\": {}, \"f:a\": {}}")
                        .toString())
                .isEqualTo("{\"f:a\":{},\"f:b\":{},\"k:{\\\"a\\\":1}\":{},\"v:1\":{}}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{a: {}}", "{\"x:a\": {}}", "{\"k:{\": {}}", "[]"})
    void refusesMalformedFields(String fields) {
        assertThatThrownBy(() -> set(fields)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void joinsSubtractsAndIntersects() {
        FieldSet left = set("{\"f:a\": {}, \"f:b\": {\".\": {}, \"f:c\": {}, \"f:d\": {}}}");
        FieldSet right = set("{\"f:b\": {\"f:d\": {}, \"f:e\": {}}, \"f:x\": {}}");

        assertThat(left.union(right))
                .isEqualTo(
                        set("{\"f:a\": {}, \"f:b\": {\".\": {}, \"f:c\": {}, \"f:d\": {}, \"f:e\": {}}, \"f:x\": {}}"));
        assertThat(left.difference(right)).isEqualTo(set("{\"f:a\": {}, \"f:b\": {\".\": {}, \"f:c\": {}}}"));
        assertThat(left.intersection(right)).isEqualTo(set("{\"f:b\": {\"f:d\": {}}}"));
        assertThat(left.without(List.of("f:b"))).isEqualTo(set("{\"f:a\": {}}"));
        assertThat(left.difference(left).isEmpty()).isTrue();
    }

    @Test
    void showsPathsAsMessagesDo() {
        List<String> paths = new ArrayList<>();
        set("{\"f:spec\": {\"f:containers\": {\"k:{\\\"name\\\":\\\"a\\\"}\": {\".\": {}, \"f:image\": {}}}, "
                        + "\"f:finalizers\": {\"v:\\\"x\\\"\": {}}, \"f:replicas\": {}}}")
                .forEach(path -> paths.add(PathElements.show(path)));

        assertThat(paths)
                .containsExactly(
                        ".spec.replicas",
                        ".spec.containers[name=\"a\"]",
                        ".spec.containers[name=\"a\"].image",
                        ".spec.finalizers[=\"x\"]");
    }
}
