// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergePatchTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{a: b}|{a: c}|{a: c}",
                "{a: b}|{b: c}|{a: b, b: c}",
                "{a: b}|{a: null}|{}",
                "{a: b, b: c}|{a: null}|{b: c}",
                "{a: [b]}|{a: c}|{a: c}",
                "{a: c}|{a: [b]}|{a: [b]}",
                "{a: {b: c}}|{a: {b: d, c: null}}|{a: {b: d}}",
                "{a: [{b: c}]}|{a: [1]}|{a: [1]}",
                "[a, b]|[c, d]|[c, d]",
                "{a: foo}|[c]|[c]",
                "{e: null}|{a: 1}|{e: null, a: 1}",
                "{}|{a: {bb: {ccc: null}}}|{a: {bb: {}}}",
                "{a: 1}|{a: {b: null, c: 2}}|{a: {c: 2}}",
            })
    void merges(String target, String patch, String result) {
        assertThat(MergePatch.apply(tree(target), tree(patch))).isEqualTo(tree(result));
    }

    @ParameterizedTest
    @CsvSource({"null", "5", "text"})
    void refusesScalars(String patch) {
        assertThatThrownBy(() ->
                        MergePatch.apply(tree("{a: 1}"), tree("[" + patch + "]").get(0)))
                .hasMessage("Invalid JSON Patch");
    }

    @Test
    void leavesItsArgumentsAlone() {
        JsonNode target = tree("{a: {b: 1}}");
        JsonNode patch = tree("{a: {c: {d: 1}}}");

        JsonNode merged = MergePatch.apply(target, patch);
        MergePatch.apply(merged, tree("{a: {c: {d: 2}}}"));

        assertThat(target).isEqualTo(tree("{a: {b: 1}}"));
        assertThat(patch).isEqualTo(tree("{a: {c: {d: 1}}}"));
        assertThat(merged).isEqualTo(tree("{a: {b: 1, c: {d: 1}}}"));
    }
}
