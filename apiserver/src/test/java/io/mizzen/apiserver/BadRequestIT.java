// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEFAULT;
import static io.mizzen.apiserver.TestObjects.DEPLOYMENTS;
import static io.mizzen.apiserver.TestObjects.MAPS;
import static io.mizzen.apiserver.TestObjects.deployment;
import static io.mizzen.apiserver.TestObjects.map;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused or warned of, with upstream's codes and messages. */
class BadRequestIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST | /api/v1/namespaces/default/configmaps | {\"metadata\": | 400 | BadRequest",
                "POST | /api/v1/namespaces/default/configmaps | {\"kind\":\"Secret\",\"apiVersion\":\"v1\"} | 400 | BadRequest",
                "POST | /api/v1/namespaces/default/configmaps | {} | 422 | Invalid",
                "POST | /api/v1/namespaces/nowhere/configmaps | {\"metadata\":{\"name\":\"a\"}} | 404 | NotFound",
                "POST | /api/v1/namespaces/default/configmaps | {\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"}} | 400 | BadRequest",
                "POST | /apis/apps/v1/namespaces/default/deployments | {\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":\"x\"}} | 400 | BadRequest",
                "GET | /api/v1/namespaces/default/nonsenses | '' | 404 | NotFound",
                "GET | /api/v1/namespaces/default/configmaps?labelSelector=a%20b%20c | '' | 400 | BadRequest",
                "GET | /api/v1/namespaces/default/configmaps?fieldSelector=data.k%3Dv | '' | 400 | BadRequest",
                "GET | /api/v1/namespaces/default/configmaps?resourceVersion=abc | '' | 422 | Invalid",
                "GET | /api/v1/namespaces/default/configmaps?continue=!! | '' | 400 | BadRequest",
                "DELETE | /api/v1/namespaces/default/configmaps/none | '' | 404 | NotFound",
                "PUT | /api/v1/namespaces/default/configmaps/none | {\"metadata\":{\"name\":\"none\"}} | 404 | NotFound",
                "PATCH | /api/v1/namespaces/default/configmaps/none | {} | 415 | UnsupportedMediaType",
                "POST | /api/v1/namespaces/default/pods/none/exec | '' | 404 | NotFound",
            })
    void refusesBadInputWithUpstreamsStatus(String method, String path, String body, int code, String reason)
            throws Exception {
        Answer answer = admin.send(method, path, "application/json", body.getBytes());

        assertThat(answer.code()).as(answer.message()).isEqualTo(code);
        assertThat(answer.reason()).isEqualTo(reason);
        assertThat(answer.body().path("kind").asText()).isEqualTo("Status");
    }

    @Test
    void refusesABodyOverTheLimit() throws Exception {
        Answer answer = admin.post(MAPS, map("big", "x".repeat(3 * 1024 * 1024)));

        assertThat(answer.code()).isEqualTo(413);
        assertThat(answer.message()).isEqualTo("Request entity is too large: limit is 3145728");
    }

    @Test
    void refusesAnUnknownMediaType() throws Exception {
        assertThat(admin.send("POST", MAPS, "text/html", "x".getBytes()).code()).isEqualTo(415);
        assertThat(admin.get(MAPS, "Accept", "text/html").code()).isEqualTo(406);
    }

    @Test
    void callsAPatchInvalidThatLeavesNoObjectOfTheKind() throws Exception {
        admin.create(DEPLOYMENTS, deployment("misfit"));
        String path = DEPLOYMENTS + "/misfit";

        Answer strategic =
                admin.patch(path, "strategic-merge-patch+json", "{\"spec\":{\"replicas\":\"x\",\"paused\":false}}");
        Answer merge = admin.patch(path, "merge-patch+json", "{\"spec\":{\"replicas\":\"x\"}}");
        Answer unknown =
                admin.patch(path + "?fieldValidation=Strict", "merge-patch+json", "{\"spec\":{\"replica\":1}}");

        assertThat(strategic.code()).isEqualTo(422);
        assertThat(strategic.message())
                .startsWith(" \"\" is invalid: patch: Invalid value: \"map[spec:map[paused:false replicas:x]]\": ");
        assertThat(merge.code()).isEqualTo(422);
        assertThat(merge.message()).startsWith(" \"\" is invalid: patch: Invalid value: \"{\\\"");
        assertThat(unknown.code()).isEqualTo(422);
        assertThat(unknown.message()).endsWith(": strict decoding error: unknown field \"spec.replica\"");
    }

    @Test
    void judgesUnknownFieldsAsAsked() throws Exception {
        String json = "{\"metadata\":{\"name\":\"strict\"},\"dta\":{}}";

        Answer strict = admin.post(MAPS + "?fieldValidation=Strict", json);
        Answer warned = admin.post(MAPS + "?fieldValidation=Warn", json);

        assertThat(strict.code()).isEqualTo(400);
        assertThat(strict.message()).contains("strict decoding error: unknown field \"dta\"");
        assertThat(warned.code()).isEqualTo(201);
        assertThat(warned.raw().headers().firstValue("Warning").orElse(""))
                .isEqualTo("299 - \"unknown field \\\"dta\\\"\"");
    }

    @Test
    void saysWhatIsDeprecatedAndWhatWillSurprise() throws Exception {
        Answer endpoints = admin.get(DEFAULT + "/endpoints");
        Answer dotted = admin.post(DEPLOYMENTS, deployment("with.dots"));
        Answer refused = admin.post(DEFAULT + "/endpoints", "{}");

        assertThat(warnings(endpoints))
                .containsExactly(
                        "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"");
        assertThat(dotted.code()).isEqualTo(201);
        assertThat(warnings(dotted)).singleElement().asString().contains("[must not contain dots]");
        assertThat(refused.code()).isEqualTo(422);
        assertThat(warnings(refused)).hasSize(1);
    }

    private static List<String> warnings(Answer answer) {
        return answer.raw().headers().allValues("Warning");
    }

    @Test
    void saysWhichFieldsCannotBeSelectedBy() throws Exception {
        assertThat(admin.get(MAPS + "?fieldSelector=data.k%3Dv").message())
                .isEqualTo("\"data.k\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
        assertThat(admin.get("/api/v1/pods?fieldSelector=spec.x%3Dv").message())
                .isEqualTo("field label not supported: spec.x");
    }
}
