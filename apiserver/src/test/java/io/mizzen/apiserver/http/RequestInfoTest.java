// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestInfoTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "GET | /api/v1/namespaces/a/pods | '' | list | '' | a | pods | '' | ''",
                "GET | /api/v1/namespaces/a/pods | watch=true | watch | '' | a | pods | '' | ''",
                "GET | /api/v1/watch/namespaces/a/pods/x | '' | watch | '' | a | pods | '' | x",
                "GET | /api/v1/namespaces/a/pods/x | '' | get | '' | a | pods | '' | x",
                "GET | /api/v1/namespaces/a/pods/x/log | '' | get | '' | a | pods | log | x",
                "POST | /api/v1/namespaces/a/pods/x/exec | '' | create | '' | a | pods | exec | x",
                "GET | /api/v1/namespaces/a | '' | get | '' | a | namespaces | '' | a",
                "PUT | /api/v1/namespaces/a/finalize | '' | update | '' | a | namespaces | finalize | a",
                "GET | /api/v1/namespaces | '' | list | '' | '' | namespaces | '' | ''",
                "DELETE | /apis/apps/v1/namespaces/a/deployments | '' | deletecollection | apps | a | deployments | '' | ''",
                "PATCH | /apis/apps/v1/namespaces/a/deployments/d/scale | '' | patch | apps | a | deployments | scale | d",
                "GET | /apis/rbac.authorization.k8s.io/v1/clusterroles/r | '' | get | rbac.authorization.k8s.io | '' | clusterroles | '' | r",
            })
    void readsResourcePaths(
            String method,
            String path,
            String query,
            String verb,
            String group,
            String namespace,
            String resource,
            String subresource,
            String name) {
        RequestInfo info = RequestInfo.of(method, path, Query.parse(query));

        assertThat(info.isResource()).isTrue();
        assertThat(info.verb()).isEqualTo(verb);
        assertThat(info.group()).isEqualTo(group);
        assertThat(info.namespace()).isEqualTo(namespace);
        assertThat(info.resource()).isEqualTo(resource);
        assertThat(info.subresource()).isEqualTo(subresource);
        assertThat(info.name()).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({"/healthz", "/api", "/apis", "/api/v1", "/apis/apps/v1", "/"})
    void leavesOtherPathsAlone(String path) {
        assertThat(RequestInfo.of("GET", path, Query.EMPTY).isResource()).isFalse();
    }

    @Test
    void keepsWhatFollowsAProxyPath() {
        RequestInfo info = RequestInfo.of("GET", "/api/v1/namespaces/a/services/web:80/proxy/x/y/", Query.EMPTY);

        assertThat(info.name()).isEqualTo("web:80");
        assertThat(info.rest()).isEqualTo("x/y/");
    }

    @Test
    void readsFlagsAsUpstreamDoes() {
        assertThat(Query.parse("watch").flag("watch")).isTrue();
        assertThat(Query.parse("watch=0").flag("watch")).isFalse();
        assertThat(Query.parse("watch=false").flag("watch")).isFalse();
        assertThat(Query.parse("a=1&a=2").all("a")).containsExactly("1", "2");
    }

    @Test
    void ordersMediaTypesByPreference() {
        var types = MediaType.parseAccept("application/yaml;q=0.5, application/json;as=Table;v=v1;g=meta.k8s.io");

        assertThat(types.getFirst().parameter("as")).isEqualTo("Table");
        assertThat(types.getLast().type()).isEqualTo("application/yaml");
    }
}
