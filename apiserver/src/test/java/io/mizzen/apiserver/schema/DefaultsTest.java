// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.Trees.DEPLOYMENT;
import static io.mizzen.apiserver.schema.Trees.object;
import static io.mizzen.apiserver.schema.Trees.schema;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.SchemaReader;
import org.junit.jupiter.api.Test;

class DefaultsTest {

    @Test
    void fillsABuiltInObjectThroughAllLevels() {
        ObjectNode deployment = object("{spec: {replicas: 3, template: {spec: {containers: [{name: a, "
                + "ports: [{containerPort: 80}], livenessProbe: {httpGet: {port: 80}, periodSeconds: 3}}]}}}}");

        Defaults.apply(deployment, schema(DEPLOYMENT));

        assertThat(deployment).isEqualTo(object("""
                        spec:
                          replicas: 3
                          strategy: {type: RollingUpdate}
                          revisionHistoryLimit: 10
                          progressDeadlineSeconds: 600
                          template:
                            spec:
                              dnsPolicy: ClusterFirst
                              restartPolicy: Always
                              securityContext: {}
                              terminationGracePeriodSeconds: 30
                              schedulerName: default-scheduler
                              containers:
                              - name: a
                                terminationMessagePath: /dev/termination-log
                                terminationMessagePolicy: File
                                resources: {}
                                ports: [{containerPort: 80, protocol: TCP}]
                                livenessProbe:
                                  httpGet: {port: 80, path: /, scheme: HTTP}
                                  timeoutSeconds: 1
                                  periodSeconds: 3
                                  successThreshold: 1
                                  failureThreshold: 3
                        """));
    }

    @Test
    void fillsWhatADefaultItselfOpens() {
        Schema custom = SchemaReader.structural().read("", object("""
                                type: object
                                properties:
                                  a:
                                    type: object
                                    default: {}
                                    properties: {b: {type: integer, default: 5}}
                                  m:
                                    type: object
                                    additionalProperties: {type: object, properties: {c: {type: string, default: x}}}
                                  l:
                                    type: array
                                    items: {type: object, properties: {d: {type: boolean, default: false}}}
                                """));
        ObjectNode object = object("{m: {k: {}}, l: [{}, {d: true}]}");

        Defaults.apply(object, custom);

        assertThat(object).isEqualTo(object("{m: {k: {c: x}}, l: [{d: false}, {d: true}], a: {b: 5}}"));
    }

    @Test
    void replacesNullOnlyWhereNullIsNotAllowed() {
        Schema custom = SchemaReader.structural()
                .read(
                        "",
                        object("{type: object, properties: {a: {type: string, default: x}, "
                                + "b: {type: string, default: y, nullable: true}, c: {type: string}}}"));
        ObjectNode object = object("{a: null, b: null, c: null}");

        Defaults.apply(object, custom);

        assertThat(object).isEqualTo(object("{a: x, b: null, c: null}"));
    }

    @Test
    void neverHandsOutTheDefaultItself() {
        Schema custom = SchemaReader.structural()
                .read("", object("{type: object, properties: {a: {type: object, default: {b: 1}}}}"));
        ObjectNode first = object("{}");
        ObjectNode second = object("{}");

        Defaults.apply(first, custom);
        ((ObjectNode) first.get("a")).put("b", 2);
        Defaults.apply(second, custom);

        assertThat(second).isEqualTo(object("{a: {b: 1}}"));
    }
}
