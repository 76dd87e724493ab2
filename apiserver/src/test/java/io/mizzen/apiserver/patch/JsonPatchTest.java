// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonPatchTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{a: 1}|[{op: add, path: /b, value: 2}]|{a: 1, b: 2}",
                "{a: 1}|[{op: add, path: /a, value: {x: [1]}}]|{a: {x: [1]}}",
                "{a: [1, 3]}|[{op: add, path: /a/1, value: 2}]|{a: [1, 2, 3]}",
                "{a: [1]}|[{op: add, path: /a/-, value: 2}]|{a: [1, 2]}",
                "{a: [1, 2]}|[{op: add, path: /a/-1, value: 3}]|{a: [1, 2, 3]}",
                "{a: 1}|[{op: add, path: /b, value: null}]|{a: 1, b: null}",
                "{a: 1, b: 2}|[{op: remove, path: /b}]|{a: 1}",
                "{a: [1, 2]}|[{op: remove, path: /a/0}]|{a: [2]}",
                "{a: [1, 2]}|[{op: remove, path: /a/-1}]|{a: [1]}",
                "{a: 1}|[{op: replace, path: /a, value: x}]|{a: x}",
                "{a: 1}|[{op: replace, path: /b, value: x}]|{a: 1, b: x}",
                "{a: [1, 2]}|[{op: replace, path: /a/1, value: x}]|{a: [1, x]}",
                "{a: 1}|[{op: replace, path: '', value: {b: 2}}]|{b: 2}",
                "{a: {b: 1}, c: {}}|[{op: move, from: /a/b, path: /c/d}]|{a: {}, c: {d: 1}}",
                "{a: {b: 1}}|[{op: copy, from: /a, path: /c}, {op: replace, path: /c/b, value: 2}]|{a: {b: 1}, c: {b: 2}}",
                "{a: {b/c: 1, d~e: 2}}|[{op: remove, path: /a/b~1c}, {op: remove, path: /a/d~0e}]|{a: {}}",
                "{a: {b: [1, {c: x}]}}|[{op: test, path: /a/b, value: [1, {c: x}]}]|{a: {b: [1, {c: x}]}}",
                "{a: 1}|[{op: test, path: /b, value: null}]|{a: 1}",
                "{a: {}}|[{op: add, path: /a/b, value: {}}, {op: add, path: /a/b/c, value: 1}]|{a: {b: {c: 1}}}",
            })
    void applies(String target, String patch, String result) {
        assertThat(JsonPatch.apply(tree(target), tree(patch))).isEqualTo(tree(result));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[{op: add, path: /x/y, value: 1}]|add operation does not apply: doc is missing path: \"/x/y\": missing value",
                "[{op: add, path: x, value: 1}]|add operation does not apply: doc is missing path: \"x\": missing value",
                "[{op: add, value: 1}]|add operation failed to decode path: missing value",
                "[{op: add, path: /l/7, value: 1}]|error in add for path: '/l/7': Unable to access invalid index: 7: invalid index referenced",
                "[{op: add, path: /l/q, value: 1}]|error in add for path: '/l/q': value was not a proper array index: 'q': strconv.Atoi: parsing \"q\": invalid syntax",
                "[{op: remove, path: /x}]|error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
                "[{op: remove, path: /x/y}]|remove operation does not apply: doc is missing path: \"/x/y\": missing value",
                "[{op: remove, path: /l/2}]|error in remove for path: '/l/2': Unable to access invalid index: 2: invalid index referenced",
                "[{op: replace, path: /x/y, value: 1}]|replace operation does not apply: doc is missing path: /x/y: missing value",
                "[{op: replace, path: /l/2, value: 1}]|replace operation does not apply: doc is missing key: /l/2: missing value",
                "[{op: move, from: /x, path: /a}]|error in move for path: 'x': Unable to remove nonexistent key: x: missing value",
                "[{op: move, from: /x/y, path: /a}]|move operation does not apply: doc is missing from path: /x/y: missing value",
                "[{op: copy, from: /a, path: /x/y}]|copy operation does not apply: doc is missing destination path: /x/y: missing value",
                "[{op: test, path: /a, value: 2}]|testing value /a failed: test failed",
                "[{op: test, path: /x/y, value: 2}]|test operation does not apply: is missing path: /x/y: missing value",
                "[{op: jump, path: /a}]|Unexpected kind: jump",
                "[{path: /a}]|Unexpected kind: unknown",
            })
    void refusesWithTheLibrarysText(String patch, String detail) {
        StatusException failure = catchThrowableOfType(
                StatusException.class, () -> JsonPatch.apply(tree("{a: 1, l: [1, 2]}"), tree(patch)));

        assertThat(failure.reason()).isEqualTo(StatusReason.Invalid);
        assertThat(failure).hasMessage("the server rejected our request due to an error in our request");
        assertThat(failure.causes())
                .singleElement()
                .satisfies(cause -> assertThat(cause.message()).isEqualTo(detail));
    }

    @Test
    void refusesWhatIsNotAListOfOperations() {
        assertThatThrownBy(() -> JsonPatch.apply(tree("{}"), tree("{a: 1}")))
                .hasMessage("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
        assertThatThrownBy(() -> JsonPatch.apply(tree("{}"), tree("[x]")))
                .hasMessage("json: cannot unmarshal string into Go value of type jsonpatch.Operation");
    }

    @Test
    void boundsOperationsAndCopies() {
        ArrayNode many = JsonNodeFactory.instance.arrayNode();
        JsonNode operation = tree("{op: test, path: /a, value: 1}");
        for (int i = 0; i <= JsonPatch.MAX_OPERATIONS; i++) {
            many.add(operation);
        }
        ArrayNode doubling = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < 40; i++) {
            doubling.add(tree("{op: copy, from: /a, path: /a/-}"));
        }

        assertThatThrownBy(() -> JsonPatch.apply(tree("{a: 1}"), many))
                .hasMessage(
                        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001");
        StatusException failure =
                catchThrowableOfType(StatusException.class, () -> JsonPatch.apply(tree("{a: [x]}"), doubling));
        assertThat(failure.causes().getFirst().message()).contains("exceeding the limit 3145728");
    }

    @Test
    void boundsDepth() {
        ArrayNode nesting = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < 600; i++) {
            nesting.add(tree("{op: copy, from: /a, path: /a/b}"));
        }

        StatusException failure =
                catchThrowableOfType(StatusException.class, () -> JsonPatch.apply(tree("{a: {}}"), nesting));

        assertThat(failure.causes().getFirst().message()).isEqualTo("exceeded max depth");
    }

    @Test
    void leavesTheTargetAlone() {
        JsonNode target = tree("{a: {b: [1]}}");

        JsonPatch.apply(target, tree("[{op: add, path: /a/b/0, value: 2}]"));

        assertThat(target).isEqualTo(tree("{a: {b: [1]}}"));
    }
}
