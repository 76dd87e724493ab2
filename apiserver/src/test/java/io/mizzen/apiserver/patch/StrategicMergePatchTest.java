// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import static io.mizzen.apiserver.schema.Trees.DEPLOYMENT;
import static io.mizzen.apiserver.schema.Trees.POD;
import static io.mizzen.apiserver.schema.Trees.object;
import static io.mizzen.apiserver.schema.Trees.schema;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.name.GroupVersionKind;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class StrategicMergePatchTest {
    private static final GroupVersionKind SERVICE = new GroupVersionKind("", "v1", "Service");

    private static Arguments row(String claim, GroupVersionKind kind, String target, String patch, String result) {
        return Arguments.of(claim, kind, target, patch, result);
    }

    static Stream<Arguments> pods() {
        return Stream.of(
                row(
                        "sets and adds scalars",
                        POD,
                        "{spec: {nodeName: a}}",
                        "{spec: {nodeName: b, hostname: c}}",
                        "{spec: {nodeName: b, hostname: c}}"),
                row(
                        "removes by null",
                        POD,
                        "{metadata: {labels: {a: b, c: d}}}",
                        "{metadata: {labels: {a: null, x: null}}}",
                        "{metadata: {labels: {c: d}}}"),
                row(
                        "merges containers by name and keeps their order",
                        POD,
                        "{spec: {containers: [{name: a, image: i}, {name: b, image: j}]}}",
                        "{spec: {containers: [{name: b, image: k, tty: true}]}}",
                        "{spec: {containers: [{name: a, image: i}, {name: b, image: k, tty: true}]}}"),
                row(
                        "puts a new element first, as upstream does",
                        POD,
                        "{spec: {containers: [{name: a}]}}",
                        "{spec: {containers: [{name: b}]}}",
                        "{spec: {containers: [{name: b}, {name: a}]}}"),
                row(
                        "merges lists inside of elements",
                        POD,
                        "{spec: {containers: [{name: a, env: [{name: X, value: '1'}, {name: Y, value: '2'}]}]}}",
                        "{spec: {containers: [{name: a, env: [{name: Y, value: '3'}, {name: Z, value: '4'}]}]}}",
                        "{spec: {containers: [{name: a, env: [{name: X, value: '1'}, {name: Y, value: '3'}, {name: Z, value: '4'}]}]}}"),
                row(
                        "replaces atomic lists",
                        POD,
                        "{spec: {containers: [{name: a, args: [x, y]}]}}",
                        "{spec: {containers: [{name: a, args: [z]}]}}",
                        "{spec: {containers: [{name: a, args: [z]}]}}"),
                row(
                        "deletes an element",
                        POD,
                        "{spec: {containers: [{name: a}, {name: b}]}}",
                        "{spec: {containers: [{name: a, $patch: delete}]}}",
                        "{spec: {containers: [{name: b}]}}"),
                row(
                        "deletes what is not there",
                        POD,
                        "{spec: {containers: [{name: a}]}}",
                        "{spec: {containers: [{name: q, $patch: delete}]}}",
                        "{spec: {containers: [{name: a}]}}"),
                row(
                        "replaces a list in patch order",
                        POD,
                        "{spec: {containers: [{name: a}, {name: b}]}}",
                        "{spec: {containers: [{$patch: replace}, {name: c, tty: null}, {name: a}]}}",
                        "{spec: {containers: [{name: c}, {name: a}]}}"),
                row(
                        "replaces a map",
                        POD,
                        "{spec: {securityContext: {runAsUser: 1, fsGroup: 2}}}",
                        "{spec: {securityContext: {$patch: replace, fsGroup: 3}}}",
                        "{spec: {securityContext: {fsGroup: 3}}}"),
                row(
                        "empties a map",
                        POD,
                        "{spec: {securityContext: {runAsUser: 1}}}",
                        "{spec: {securityContext: {$patch: delete}}}",
                        "{spec: {securityContext: {}}}"),
                row(
                        "drops directives and nulls of new values",
                        POD,
                        "{spec: {}}",
                        "{spec: {securityContext: {runAsUser: null, fsGroup: 1}, volumes: [{name: v, $patch: delete}, {name: w, $retainKeys: [name]}]}}",
                        "{spec: {securityContext: {fsGroup: 1}, volumes: [{name: w}]}}"),
                row(
                        "retains only the named keys",
                        POD,
                        "{spec: {volumes: [{name: v, emptyDir: {medium: Memory}}, {name: w, emptyDir: {}}]}}",
                        "{spec: {volumes: [{name: v, hostPath: {path: /x}, $retainKeys: [name, hostPath]}]}}",
                        "{spec: {volumes: [{name: v, hostPath: {path: /x}}, {name: w, emptyDir: {}}]}}"),
                row(
                        "merges lists of scalars",
                        POD,
                        "{metadata: {finalizers: [a, b]}}",
                        "{metadata: {finalizers: [c, a]}}",
                        "{metadata: {finalizers: [c, a, b]}}"),
                row(
                        "deletes from lists of scalars",
                        POD,
                        "{metadata: {finalizers: [a, b, c]}}",
                        "{metadata: {$deleteFromPrimitiveList/finalizers: [b, x]}}",
                        "{metadata: {finalizers: [a, c]}}"),
                row(
                        "orders a list",
                        POD,
                        "{spec: {containers: [{name: a}, {name: s}, {name: b}]}}",
                        "{spec: {$setElementOrder/containers: [{name: b}, {name: n}, {name: a}], containers: [{name: n, image: i}]}}",
                        "{spec: {containers: [{name: s}, {name: b}, {name: n, image: i}, {name: a}]}}"),
                row(
                        "orders without changing",
                        POD,
                        "{metadata: {finalizers: [a, b, c]}}",
                        "{metadata: {$setElementOrder/finalizers: [c, a]}}",
                        "{metadata: {finalizers: [b, c, a]}}"),
                row(
                        "orders a new list",
                        POD,
                        "{metadata: {}}",
                        "{metadata: {$setElementOrder/finalizers: [b, a], finalizers: [b, a]}}",
                        "{metadata: {finalizers: [b, a]}}"),
                row(
                        "orders and deletes together",
                        POD,
                        "{spec: {containers: [{name: a}, {name: b}, {name: c}]}}",
                        "{spec: {$setElementOrder/containers: [{name: c}, {name: a}], containers: [{name: b, $patch: delete}, {name: a, tty: true}]}}",
                        "{spec: {containers: [{name: c}, {name: a, tty: true}]}}"),
                row(
                        "keeps unknown fields for the decoder",
                        POD,
                        "{spec: {}}",
                        "{spec: {foo: {bar: 1}}}",
                        "{spec: {foo: {bar: 1}}}"));
    }

    static Stream<Arguments> others() {
        return Stream.of(
                row(
                        "merges ports by number",
                        SERVICE,
                        "{spec: {ports: [{port: 80, name: a, targetPort: 8080}, {port: 443, name: b}]}}",
                        "{spec: {ports: [{port: 80, targetPort: web}]}}",
                        "{spec: {ports: [{port: 80, name: a, targetPort: web}, {port: 443, name: b}]}}"),
                row(
                        "merges maps of texts",
                        SERVICE,
                        "{spec: {selector: {a: b}}}",
                        "{spec: {selector: {c: d}}}",
                        "{spec: {selector: {a: b, c: d}}}"),
                row(
                        "changes the kind of a strategy",
                        DEPLOYMENT,
                        "{spec: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}}",
                        "{spec: {strategy: {$retainKeys: [type], type: Recreate}}}",
                        "{spec: {strategy: {type: Recreate}}}"),
                row(
                        "annotates a template as rollout restart does",
                        DEPLOYMENT,
                        "{spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a}]}}}}",
                        "{spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: now}}}}}",
                        "{spec: {template: {metadata: {labels: {a: b}, annotations: {kubectl.kubernetes.io/restartedAt: now}}, spec: {containers: [{name: a}]}}}}"),
                row(
                        "merges conditions by type",
                        POD,
                        "{status: {conditions: [{type: Ready, status: 'False'}]}}",
                        "{status: {$setElementOrder/conditions: [{type: Initialized}, {type: Ready}], conditions: [{type: Ready, status: 'True'}, {type: Initialized, status: 'True'}]}}",
                        ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pods")
    void merges(String claim, GroupVersionKind kind, String target, String patch, String result) {
        assertThat(StrategicMergePatch.apply(object(target), object(patch), schema(kind)))
                .as(claim)
                .isEqualTo(object(result));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("others")
    void mergesOtherKinds(String claim, GroupVersionKind kind, String target, String patch, String result) {
        if (result.isEmpty()) {
            assertThatThrownBy(() -> StrategicMergePatch.apply(object(target), object(patch), schema(kind)))
                    .hasMessageContaining("doesn't match $setElementOrder list:");
        } else {
            merges(claim, kind, target, patch, result);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{spec: {containers: [{image: x, tty: true}]}}|map: map[image:x tty:true] does not contain declared merge key: name",
                "{spec: {containers: [{$patch: delete}]}}|map: map[$patch:delete] does not contain declared merge key: name",
                "{spec: {containers: [{$patch: foo, name: a}]}}|unknown patch type: foo in map: map[$patch:foo name:a]",
                "{spec: {containers: [{$patch: merge, name: a}]}}|merging lists cannot yet be specified in the patch",
                "{spec: {$patch: foo}}|unknown patch type: foo in map: map[$patch:foo]",
                "{spec: {$retainKeys: x}}|invalid patch format of retainKeys",
                "{spec: {$retainKeys: [hostname], nodeName: a}}|invalid patch format of retainKeys",
                "{spec: {$setElementOrder/containers: x}}|expected a []interface {}, but received a string",
                "{spec: {$setElementOrder: [x]}}|invalid patch format of setElementOrder list",
                "{spec: {$deleteFromPrimitiveList: [x]}}|invalid patch format of primitive list",
                "{spec: {containers: [a]}}|list element types are not identical: [[map[name:a]] [a]]",
            })
    void refusesInUpstreamsWords(String patch, String message) {
        ObjectNode target = object("{spec: {containers: [{name: a}]}}");

        assertThatThrownBy(() -> StrategicMergePatch.apply(target, object(patch), schema(POD)))
                .hasMessage(message);
    }

    @Test
    void leavesItsArgumentsAlone() {
        ObjectNode target = object("{spec: {containers: [{name: a, env: [{name: X}]}]}}");
        ObjectNode patch = object(
                "{spec: {$setElementOrder/containers: [{name: a}], containers: [{name: a, env: [{name: X, $patch: delete}]}]}}");
        ObjectNode targetCopy = target.deepCopy();
        ObjectNode patchCopy = patch.deepCopy();

        ObjectNode merged = StrategicMergePatch.apply(target, patch, schema(POD));

        assertThat(merged).isEqualTo(object("{spec: {containers: [{name: a, env: []}]}}"));
        assertThat(target).isEqualTo(targetCopy);
        assertThat(patch).isEqualTo(patchCopy);
    }
}
