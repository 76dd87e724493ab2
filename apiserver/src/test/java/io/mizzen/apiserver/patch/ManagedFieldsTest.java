// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import static io.mizzen.apiserver.schema.Trees.DEPLOYMENT;
import static io.mizzen.apiserver.schema.Trees.POD;
import static io.mizzen.apiserver.schema.Trees.object;
import static io.mizzen.apiserver.schema.Trees.schema;
import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.patch.ManagedFields.Request;
import io.mizzen.apiserver.schema.Defaults;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ManagedFieldsTest {
    private static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");
    private static final Schema DEPLOYMENTS = schema(DEPLOYMENT);
    private static final Schema PODS = schema(POD);

    private static Request by(String manager) {
        return new Request(manager, "apps/v1", "", false, T0);
    }

    private static Request force(String manager) {
        return new Request(manager, "apps/v1", "", true, T0);
    }

    private static ObjectNode deployment(String rest) {
        ObjectNode object = object("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}}");
        object.setAll(object(rest));
        ((ObjectNode) object.get("metadata")).put("name", "web").put("namespace", "a");
        return object;
    }

    private static ObjectNode apply(@Nullable ObjectNode live, String config, Request request) {
        return stored(ManagedFields.apply(live, deployment(config), DEPLOYMENTS, request));
    }

    private static ObjectNode update(@Nullable ObjectNode live, ObjectNode changed, Request request) {
        return stored(ManagedFields.update(live, changed, DEPLOYMENTS, request));
    }

    /** As the store would give it back. */
    private static ObjectNode stored(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        ((ObjectNode) copy.get("metadata")).put("uid", "u");
        return copy;
    }

    private static JsonNode fields(ObjectNode object, String manager) {
        for (JsonNode entry : object.at("/metadata/managedFields")) {
            if (entry.get("manager").asText().equals(manager)) {
                return entry.get("fieldsV1");
            }
        }
        return tree("{}");
    }

    private static List<String> managers(ObjectNode object) {
        List<String> managers = new ArrayList<>();
        object.at("/metadata/managedFields")
                .forEach(entry -> managers.add(entry.get("manager").asText() + " "
                        + entry.get("operation").asText()));
        return managers;
    }

    @Test
    void ownsEverythingThatACreateGives() {
        ObjectNode created = deployment("""
                metadata: {labels: {app: nginx}}
                spec:
                  selector: {matchLabels: {app: nginx}}
                  template:
                    metadata: {labels: {app: nginx}}
                    spec: {containers: [{name: nginx, image: nginx, imagePullPolicy: Always}]}
                """);
        Defaults.apply(created, DEPLOYMENTS);
        created.setAll(object("{status: {}}"));
        ((ObjectNode) created.at("/spec/strategy"))
                .setAll(object("{rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}"));

        ObjectNode result = update(null, created, by("kubectl-create"));

        assertThat(result.at("/metadata/managedFields/0")).isEqualTo(tree("""
                        manager: kubectl-create
                        operation: Update
                        apiVersion: apps/v1
                        time: '2026-01-01T00:00:00Z'
                        fieldsType: FieldsV1
                        fieldsV1:
                          f:metadata: {f:labels: {.: {}, f:app: {}}}
                          f:spec:
                            f:progressDeadlineSeconds: {}
                            f:replicas: {}
                            f:revisionHistoryLimit: {}
                            f:selector: {}
                            f:strategy:
                              f:rollingUpdate: {.: {}, f:maxSurge: {}, f:maxUnavailable: {}}
                              f:type: {}
                            f:template:
                              f:metadata: {f:labels: {.: {}, f:app: {}}}
                              f:spec:
                                f:containers:
                                  'k:{"name":"nginx"}':
                                    .: {}
                                    f:image: {}
                                    f:imagePullPolicy: {}
                                    f:name: {}
                                    f:resources: {}
                                    f:terminationMessagePath: {}
                                    f:terminationMessagePolicy: {}
                                f:dnsPolicy: {}
                                f:restartPolicy: {}
                                f:schedulerName: {}
                                f:securityContext: {}
                                f:terminationGracePeriodSeconds: {}
                        """));
    }

    @Test
    void ownsWhatIsApplied() {
        ObjectNode applied = apply(
                null,
                "{metadata: {labels: {a: b}}, spec: {replicas: 3, template: {spec: {containers: [{name: c, "
                        + "ports: [{containerPort: 80}], env: [], args: [x, y]}]}}}}",
                by("me"));

        assertThat(applied.at("/metadata/managedFields/0/operation").asText()).isEqualTo("Apply");
        assertThat(fields(applied, "me")).isEqualTo(tree("""
                f:metadata: {f:labels: {f:a: {}}}
                f:spec:
                  f:replicas: {}
                  f:template:
                    f:spec:
                      f:containers:
                        'k:{"name":"c"}':
                          .: {}
                          f:name: {}
                          f:args: {}
                          f:ports:
                            'k:{"containerPort":80,"protocol":"TCP"}': {.: {}, f:containerPort: {}}
                """));
    }

    @Test
    void refusesToTakeWhatAnotherManagerSet() {
        ObjectNode live = update(null, deployment("{spec: {replicas: 1}}"), by("kubectl-client-side-apply"));

        StatusException failure =
                catchThrowableOfType(StatusException.class, () -> apply(live, "{spec: {replicas: 2}}", by("me")));

        assertThat(failure.reason()).isEqualTo(StatusReason.Conflict);
        assertThat(failure)
                .hasMessage("Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: "
                        + ".spec.replicas");
        assertThat(failure.causes())
                .containsExactly(new StatusCause(
                        "FieldManagerConflict",
                        "conflict with \"kubectl-client-side-apply\" using apps/v1",
                        ".spec.replicas"));
    }

    @Test
    void tellsSeveralConflictsByManager() {
        ObjectNode first = update(null, deployment("{spec: {replicas: 1}}"), by("b"));
        ObjectNode second = apply(first, "{spec: {paused: true, minReadySeconds: 1}}", by("a"));

        assertThatThrownBy(() -> apply(second, "{spec: {replicas: 2, paused: false, minReadySeconds: 2}}", by("me")))
                .hasMessage("Apply failed with 3 conflicts: conflicts with \"a\":\n- .spec.minReadySeconds\n"
                        + "- .spec.paused\nconflicts with \"b\" using apps/v1:\n- .spec.replicas");
    }

    @Test
    void takesByForce() {
        ObjectNode live = update(null, deployment("{spec: {replicas: 1, paused: true}}"), by("other"));

        ObjectNode forced = apply(live, "{spec: {replicas: 2}}", force("me"));

        assertThat(forced.at("/spec")).isEqualTo(tree("{replicas: 2, paused: true}"));
        assertThat(fields(forced, "me")).isEqualTo(tree("{f:spec: {f:replicas: {}}}"));
        assertThat(fields(forced, "other")).isEqualTo(tree("{f:spec: {f:paused: {}}}"));
    }

    @Test
    void sharesEqualValues() {
        ObjectNode first = apply(null, "{spec: {replicas: 1}}", by("a"));
        ObjectNode second = apply(first, "{spec: {replicas: 1}}", by("b"));

        assertThat(managers(second)).containsExactly("a Apply", "b Apply");
        assertThat(apply(second, "{spec: {paused: true}}", by("a")).at("/spec"))
                .isEqualTo(tree("{replicas: 1, paused: true}"));
        assertThatThrownBy(() -> apply(second, "{spec: {replicas: 2}}", by("b")))
                .hasMessage("Apply failed with 1 conflict: conflict with \"a\": .spec.replicas");
    }

    @Test
    void removesWhatIsAppliedNoMore() {
        ObjectNode first = apply(
                null,
                "{metadata: {labels: {a: b, c: d}}, spec: {replicas: 1, paused: true, template: {spec: {containers: "
                        + "[{name: x, env: [{name: E, value: v}]}, {name: y}]}}}}",
                by("me"));

        ObjectNode second = apply(
                first,
                "{metadata: {labels: {a: b}}, spec: {replicas: 1, template: {spec: {containers: [{name: x}]}}}}",
                by("me"));

        assertThat(second.at("/metadata/labels")).isEqualTo(tree("{a: b}"));
        assertThat(second.at("/spec")).isEqualTo(tree("{replicas: 1, template: {spec: {containers: [{name: x}]}}}"));
    }

    @Test
    void removesADefaultedPartWithItsOwner() {
        ObjectNode first = apply(
                null, "{spec: {replicas: 1, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}}", by("me"));
        ((ObjectNode) first.at("/spec/strategy/rollingUpdate")).put("maxUnavailable", "25%");

        ObjectNode second = apply(first, "{spec: {replicas: 1, strategy: {type: Recreate}}}", by("me"));

        assertThat(second.at("/spec/strategy")).isEqualTo(tree("{type: Recreate}"));
    }

    @Test
    void keepsWhatUpdatersAdded() {
        ObjectNode first = apply(null, "{metadata: {labels: {a: b}}, spec: {replicas: 1}}", by("me"));
        ObjectNode changed = first.deepCopy();
        ((ObjectNode) changed.get("metadata")).setAll(object("{annotations: {x: y}}"));
        ObjectNode second = update(first, changed, by("controller"));

        ObjectNode third = apply(second, "{spec: {replicas: 1}}", by("me"));

        assertThat(third.at("/metadata/annotations")).isEqualTo(tree("{x: y}"));
        assertThat(third.at("/metadata").has("labels")).isFalse();
        assertThat(fields(third, "controller")).isEqualTo(tree("{f:metadata: {f:annotations: {.: {}, f:x: {}}}}"));
    }

    @Test
    void joinsListsOfTwoAppliersInOrder() {
        ObjectNode first = apply(
                null,
                "{spec: {template: {spec: {containers: [{name: a, image: i}, {name: b, image: i}]}}}}",
                by("one"));
        ObjectNode second = apply(
                first,
                "{spec: {template: {spec: {containers: [{name: b, tty: true}, {name: n, image: i}]}}}}",
                by("two"));

        assertThat(second.at("/spec/template/spec/containers"))
                .isEqualTo(tree("[{name: a, image: i}, {name: b, image: i, tty: true}, {name: n, image: i}]"));
        ObjectNode third = apply(second, "{spec: {template: {spec: {containers: [{name: a, image: i}]}}}}", by("one"));
        assertThat(third.at("/spec/template/spec/containers"))
                .isEqualTo(tree("[{name: a, image: i}, {name: b, tty: true}, {name: n, image: i}]"));
    }

    @Test
    void ownsElementsOfSetsByValue() {
        ObjectNode first = apply(null, "{metadata: {finalizers: [x/a, x/b]}}", by("one"));
        ObjectNode second = apply(first, "{metadata: {finalizers: [x/c]}}", by("two"));

        assertThat(second.at("/metadata/finalizers")).isEqualTo(tree("[x/a, x/b, x/c]"));
        assertThat(apply(second, "{metadata: {finalizers: [x/b]}}", by("one")).at("/metadata/finalizers"))
                .isEqualTo(tree("[x/b, x/c]"));
        assertThat(fields(second, "two")).isEqualTo(tree("{f:metadata: {f:finalizers: {'v:\"x/c\"': {}}}}"));
    }

    @Test
    void refusesConfigurationsThatDoNotFit() {
        assertThatThrownBy(() -> apply(
                        null,
                        "{spec: {template: {spec: {containers: [{name: a, ports: [{containerPort: 80}, "
                                + "{containerPort: 80, protocol: TCP}]}]}}}}",
                        by("me")))
                .hasMessage("failed to create typed patch object (a/web; apps/v1, Kind=Deployment): "
                        + ".spec.template.spec.containers[name=\"a\"].ports: duplicate entries for key "
                        + "[containerPort=80,protocol=\"TCP\"]");
        assertThatThrownBy(() -> apply(null, "{spec: {x: 1, template: {spec: {containers: [{image: a}]}}}}", by("me")))
                .hasMessage("failed to create typed patch object (a/web; apps/v1, Kind=Deployment): errors:\n"
                        + "  .spec.x: field not declared in schema\n"
                        + "  .spec.template.spec.containers: element 0: associative list with keys has an element "
                        + "that omits all key fields [\"name\"] (and doesn't have default values for any key fields)");
        assertThatThrownBy(() -> apply(null, "{metadata: {managedFields: [{}]}}", by("me")))
                .hasMessage("metadata.managedFields must be nil");
        assertThatThrownBy(() -> apply(null, "{apiVersion: apps/v2}", by("me")))
                .hasMessage("Incorrect version specified in apply patch. Specified patch version: apps/v2, "
                        + "expected: apps/v1");
    }

    @Test
    void leavesTimesAloneWhenNothingChanges() {
        ObjectNode first = apply(null, "{spec: {replicas: 1}}", by("me"));
        Request later = new Request("me", "apps/v1", "", false, T0.plusSeconds(60));

        ObjectNode again = apply(first, "{spec: {replicas: 1}}", later);
        ObjectNode same = update(first, first.deepCopy(), new Request("x", "apps/v1", "", false, T0.plusSeconds(60)));

        assertThat(again).isEqualTo(first);
        assertThat(same).isEqualTo(first);
    }

    @Test
    void movesChangedFieldsToTheUpdater() {
        ObjectNode first = apply(null, "{spec: {replicas: 1, paused: true}}", by("me"));
        ObjectNode changed = first.deepCopy();
        ((ObjectNode) changed.get("spec")).put("replicas", 5).remove("paused");

        ObjectNode second = update(first, changed, new Request("hpa", "apps/v1", "scale", false, T0.plusSeconds(1)));

        assertThat(managers(second)).containsExactly("hpa Update");
        assertThat(second.at("/metadata/managedFields/0/subresource").asText()).isEqualTo("scale");
        assertThat(fields(second, "hpa")).isEqualTo(tree("{f:spec: {f:replicas: {}}}"));
        assertThatThrownBy(() -> apply(second, "{spec: {replicas: 1}}", by("me")))
                .hasMessage("Apply failed with 1 conflict: conflict with \"hpa\" with subresource \"scale\" using "
                        + "apps/v1: .spec.replicas");
    }

    @Test
    void neverOwnsWhatTheServerWrites() {
        ObjectNode first = update(null, deployment("{spec: {replicas: 1}}"), by("me"));
        ObjectNode changed = first.deepCopy();
        ((ObjectNode) changed.get("metadata")).put("resourceVersion", "5").put("generation", 2);

        ObjectNode second = update(first, changed, by("other"));

        assertThat(managers(second)).containsExactly("me Update");
        assertThat(fields(second, "me")).isEqualTo(tree("{f:spec: {f:replicas: {}}}"));
    }

    @Test
    void looksAtStatusOnlyThroughItsSubresource() {
        ObjectNode first = update(null, deployment("{spec: {replicas: 1}, status: {replicas: 9}}"), by("me"));
        ObjectNode changed = first.deepCopy();
        changed.setAll(object("{status: {replicas: 1, conditions: [{type: Available, status: 'True'}]}}"));

        ObjectNode second = update(first, changed, new Request("kcm", "apps/v1", "status", false, T0));

        assertThat(fields(first, "me")).isEqualTo(tree("{f:spec: {f:replicas: {}}}"));
        assertThat(fields(second, "kcm"))
                .isEqualTo(tree("{f:status: {f:replicas: {}, f:conditions: "
                        + "{.: {}, 'k:{\"type\":\"Available\"}': {.: {}, f:type: {}, f:status: {}}}}}"));
    }

    @Test
    void remembersWhatWasThereBeforeTheFirstApply() {
        ObjectNode live = stored(deployment("{spec: {replicas: 1, paused: true}}"));

        assertThatThrownBy(() -> apply(live, "{spec: {replicas: 2}}", by("me")))
                .hasMessage("Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: "
                        + ".spec.replicas");
        ObjectNode applied = apply(live, "{spec: {replicas: 1}}", by("me"));
        assertThat(managers(applied)).containsExactly("me Apply", "before-first-apply Update");
    }

    @Test
    void leavesObjectsWithoutARecordAlone() {
        ObjectNode live = stored(deployment("{spec: {replicas: 1}}"));
        ObjectNode changed = live.deepCopy();
        ((ObjectNode) changed.get("spec")).put("replicas", 2);

        assertThat(update(live, changed, by("me"))).isEqualTo(changed);
    }

    @Test
    void forgetsTheRecordOnRequest() {
        ObjectNode live = update(null, deployment("{spec: {replicas: 1}}"), by("me"));
        ObjectNode reset = live.deepCopy();
        ((ObjectNode) reset.get("metadata")).set("managedFields", tree("[{}]"));
        ObjectNode dropped = live.deepCopy();
        ((ObjectNode) dropped.get("metadata")).remove("managedFields");

        assertThat(update(live, reset, by("x")).path("metadata").has("managedFields"))
                .isFalse();
        assertThat(managers(update(live, dropped, by("x")))).containsExactly("me Update");
    }

    @Test
    void joinsTheOldestUpdatersBeyondTen() {
        ObjectNode live = update(null, deployment("{metadata: {labels: {m0: x}}}"), by("m0"));
        for (int i = 1; i <= 12; i++) {
            ObjectNode changed = live.deepCopy();
            ((ObjectNode) changed.at("/metadata/labels")).put("m" + i, "x");
            live = update(live, changed, new Request("m" + i, "apps/v1", "", false, T0.plusSeconds(i)));
        }

        assertThat(managers(live)).hasSize(10).first().isEqualTo("ancient-changes Update");
        assertThat(fields(live, "ancient-changes"))
                .isEqualTo(tree("{f:metadata: {f:labels: {.: {}, f:m0: {}, f:m1: {}, f:m2: {}, f:m3: {}}}}"));
        assertThat(managers(live)).last().isEqualTo("m12 Update");
    }

    @Test
    void letsKubectlTakeOverItsClientSideApply() {
        String annotation = "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},"
                + "\"spec\":{\"replicas\":1}}";
        ObjectNode created = deployment("{spec: {replicas: 1, paused: true}}");
        ((ObjectNode) created.get("metadata"))
                .putObject("annotations")
                .put("kubectl.kubernetes.io/last-applied-configuration", annotation);
        ObjectNode live = update(null, created, by("kubectl-client-side-apply"));

        ObjectNode taken = apply(live, "{spec: {replicas: 2}}", by("kubectl"));

        assertThat(taken.at("/spec/replicas").asInt()).isEqualTo(2);
        assertThat(taken.at("/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration")
                        .asText())
                .isEqualTo("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\","
                        + "\"namespace\":\"a\"},\"spec\":{\"replicas\":2}}\n");
        assertThatThrownBy(() -> apply(live, "{spec: {paused: false}}", by("kubectl")))
                .hasMessageContaining(".spec.paused");
    }

    @Test
    void bearsDuplicateElementsInStoredObjects() {
        ObjectNode live = object("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, "
                + "env: [{name: E, value: '1'}, {name: E, value: '2'}, {name: F, value: '1'}]}]}}");
        Request me = new Request("me", "v1", "", false, T0);
        ObjectNode stored = stored(ManagedFields.update(null, live, PODS, me));

        ObjectNode applied = ManagedFields.apply(
                stored,
                object("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, "
                        + "env: [{name: G, value: '3'}]}]}}"),
                PODS,
                new Request("x", "v1", "", false, T0));

        assertThat(applied.at("/spec/containers/0/env"))
                .isEqualTo(
                        tree(
                                "[{name: E, value: '1'}, {name: E, value: '2'}, {name: F, value: '1'}, {name: G, value: '3'}]"));
    }

    @Test
    void leavesItsArgumentsAlone() {
        ObjectNode live = apply(null, "{metadata: {labels: {a: b}}, spec: {replicas: 1, paused: true}}", by("me"));
        ObjectNode config = deployment("{spec: {replicas: 2}}");
        ObjectNode liveCopy = live.deepCopy();
        ObjectNode configCopy = config.deepCopy();

        ManagedFields.apply(live, config, DEPLOYMENTS, by("me"));
        ManagedFields.update(live, config, DEPLOYMENTS, by("x"));

        assertThat(live).isEqualTo(liveCopy);
        assertThat(config).isEqualTo(configCopy);
    }
}
