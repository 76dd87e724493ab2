// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

/** Small valid objects as JSON, and where the default namespace keeps them. */
final class TestObjects {
    static final String NAMESPACES = "/api/v1/namespaces";
    static final String DEFAULT = NAMESPACES + "/default";
    static final String MAPS = DEFAULT + "/configmaps";
    static final String PODS = DEFAULT + "/pods";
    static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";

    private TestObjects() {}

    /** Any kind that needs no more than a name. */
    static String named(String name) {
        return "{\"metadata\":{\"name\":\"" + name + "\"}}";
    }

    static String map(String name, String value) {
        return "{\"metadata\":{\"name\":\"" + name + "\"},\"data\":{\"k\":\"" + value + "\"}}";
    }

    static String deployment(String name) {
        return """
                {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"%s"},"spec":{"replicas":2,
                 "selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},
                 "spec":{"containers":[{"name":"c","image":"busybox"}]}}}}""".formatted(name);
    }

    static String pod(String name) {
        return """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},
                 "spec":{"containers":[{"name":"c","image":"busybox:1"}]}}""".formatted(name);
    }
}
