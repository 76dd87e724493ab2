// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where requests lead; the expected answers are upstream's kubectl 1.36. */
class ProxyRulesTest {
    private static final ProxyRules.Filter DEFAULT = new ProxyRules.Filter(
            ProxyRules.patterns("^.*"),
            ProxyRules.patterns("^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach"),
            ProxyRules.patterns("^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$"),
            ProxyRules.patterns("^$"));

    private static String shown(ProxyRules.Route route) {
        return switch (route) {
            case ProxyRules.Api to -> "api " + to.target();
            case ProxyRules.File file -> "file " + file.path();
            case ProxyRules.Elsewhere to -> "elsewhere " + to.location();
            case ProxyRules.Forbidden _ -> "forbidden";
            case ProxyRules.NotFound _ -> "not found";
            case ProxyRules.Malformed _ -> "malformed";
        };
    }

    @ParameterizedTest
    @CsvSource({
        "/api/v1/pods?limit=5, api /api/v1/pods?limit=5",
        "/, api /",
        "/a%2fb, api /a%2fb",
        "/api/v1/namespaces/d/pods/p/log, api /api/v1/namespaces/d/pods/p/log",
        "/api/v1/namespaces/d/pods/p/exec?command=sh, forbidden",
        "/api/v1/namespaces/d/pods/p/attach, forbidden",
        "/api/v1/namespaces/d/pods/p/exe%63, forbidden",
        "//api//v1?a, elsewhere /api/v1?a",
        "/api/../x/, elsewhere /x/",
        "/../.., elsewhere /",
        "//evil.example/, elsewhere /evil.example/",
        "/%, malformed",
        "/%4, malformed",
        "/%zz, malformed"
    })
    void passesTheApiButNotWhatRunsPrograms(String target, String expected) {
        ProxyRules rules = new ProxyRules("/", "", "", Optional.of(DEFAULT));

        assertThat(shown(rules.route("GET", target, "127.0.0.1:8001"))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, true",
        "localhost:8001, true",
        "127.0.0.1:1, true",
        "[::1], true",
        "[::1]:8001, false",
        "localhost.evil.example, false",
        "evil.example:8001, false",
        "'', false",
        "::1, false",
        "127.0.0.1.evil.example, false"
    })
    void refusesPagesOfOtherHosts(String host, boolean accepted) {
        ProxyRules rules = new ProxyRules("/", "", "", Optional.of(DEFAULT));

        assertThat(shown(rules.route("GET", "/api", host))).isEqualTo(accepted ? "api /api" : "forbidden");
    }

    @ParameterizedTest
    @CsvSource({
        "/custom/api/v1, api /base/api/v1",
        "/custom/, api /base/",
        "/custom, elsewhere /custom/",
        "/custom?a=b, elsewhere /custom/?a=b",
        "/api/v1, not found",
        "/customs/api, not found",
        "/custom/files/x, file /x",
        "/custom/files/a%20b/..%2fc, file /a b/../c",
        "/custom/files/, file /",
        "/custom/files, api /base/files"
    })
    void servesTheApiAndFilesUnderTheirPrefixes(String target, String expected) {
        ProxyRules rules = new ProxyRules("/custom/", "/custom/files/", "/base", Optional.empty());

        assertThat(shown(rules.route("GET", target, "anything"))).isEqualTo(expected);
    }

    @Test
    void leavesAPrefixThatIsPartOfTheApiInThePath() {
        ProxyRules rules = new ProxyRules("/api/", "", "", Optional.empty());

        assertThat(shown(rules.route("GET", "/api/v1", ""))).isEqualTo("api /api/v1");
        assertThat(shown(rules.route("GET", "/apis", ""))).isEqualTo("not found");
    }

    @Test
    void refusesMethodsAndPathsOfTheUsersChoice() {
        ProxyRules.Filter filter = new ProxyRules.Filter(
                ProxyRules.patterns("^/api/v1.*,^/z"),
                ProxyRules.patterns(""),
                ProxyRules.patterns(".*"),
                ProxyRules.patterns("POST,PUT"));
        ProxyRules rules = new ProxyRules("/", "", "", Optional.of(filter));

        assertThat(shown(rules.route("GET", "/api/v1/pods", "x"))).isEqualTo("api /api/v1/pods");
        assertThat(shown(rules.route("GET", "/apis", "x"))).isEqualTo("forbidden");
        assertThat(shown(rules.route("POST", "/z", "x"))).isEqualTo("forbidden");
        assertThat(shown(rules.route("PATCH", "/z", "x"))).isEqualTo("api /z");
    }
}
