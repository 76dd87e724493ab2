// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Version;
import io.mizzen.apiserver.discovery.Discovery.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DiscoveryTest {
    private static final String V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    private static final String BETA = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Discovery discovery = Discovery.of(Catalog.builtIn().resources());

    private static ResourceDefinition custom(String group, String kind, String... versions) {
        List<Version> served = new ArrayList<>();
        for (String version : versions) {
            served.add(new Version(version, Catalog.builtIn().schema("io.k8s.api.core.v1.ConfigMap"), null));
        }
        String plural = kind.toLowerCase(java.util.Locale.ROOT) + "s";
        return new ResourceDefinition(
                group,
                kind,
                kind + "List",
                plural,
                kind.toLowerCase(java.util.Locale.ROOT),
                true,
                List.of(),
                List.of(),
                served,
                versions[0],
                "/registry/" + group + "/" + plural + "/",
                ResourceDefinition.ALL_VERBS,
                Map.of(),
                List.of(),
                List.of(),
                true);
    }

    private static JsonNode json(Answer answer) throws IOException {
        return MAPPER.readTree(answer.body());
    }

    private JsonNode plain(String path) throws IOException {
        return json(Objects.requireNonNull(discovery.answer(path, "application/json", "10.0.0.1:6443"), path));
    }

    private JsonNode aggregated(String path) throws IOException {
        return json(Objects.requireNonNull(discovery.answer(path, V2, "")));
    }

    private static String joined(JsonNode list, String separator) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return String.join(separator, texts);
    }

    private static List<String> lines(JsonNode list) {
        List<String> lines = new ArrayList<>();
        for (JsonNode group : list.get("items")) {
            for (JsonNode version : group.get("versions")) {
                assertThat(version.get("freshness").asText()).isEqualTo("Current");
                for (JsonNode resource : version.get("resources")) {
                    lines.add(line(
                            group.at("/metadata/name").asText(),
                            version.get("version").asText(),
                            resource));
                }
            }
        }
        return lines;
    }

    private static String line(String group, String version, JsonNode resource) {
        List<String> subresources = new ArrayList<>();
        for (JsonNode sub : resource.path("subresources")) {
            JsonNode kind = sub.get("responseKind");
            String other = kind.get("version").asText().isEmpty()
                    ? ""
                    : "@" + kind.get("group").asText() + "/"
                            + kind.get("version").asText();
            subresources.add(sub.get("subresource").asText() + ":"
                    + kind.get("kind").asText() + other + ":" + joined(sub.get("verbs"), "+"));
        }
        return String.join(
                "|",
                group,
                version,
                resource.get("resource").asText(),
                resource.at("/responseKind/kind").asText(),
                resource.get("scope").asText(),
                resource.get("singularResource").asText(),
                joined(resource.path("shortNames"), ","),
                joined(resource.path("categories"), ","),
                joined(resource.get("verbs"), "+"),
                String.join(",", subresources));
    }

    @Test
    void tellsTheGroupsInUpstreamsOrderWithAllThatTheyServe() throws IOException {
        try (var in = Objects.requireNonNull(DiscoveryTest.class.getResourceAsStream("groups.txt"))) {
            List<String> expected = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();

            assertThat(lines(aggregated("/apis"))).containsExactlyElementsOf(expected);
        }
    }

    @Test
    void tellsTheCoreGroupWithoutName() throws IOException {
        JsonNode list = aggregated("/api");

        assertThat(list.get("items")).hasSize(1);
        assertThat(list.at("/items/0/metadata").isEmpty()).isTrue();
        assertThat(lines(list))
                .hasSize(17)
                .contains("|v1|bindings|Binding|Namespaced|binding|||create|")
                .anySatisfy(line -> assertThat(line)
                        .startsWith("|v1|pods|Pod|Namespaced|pod|po|all|")
                        .contains("eviction:Eviction@policy/v1:create", "log:Pod:get", "exec:PodExecOptions"));
    }

    @Test
    void marksTheAggregatedFormWithAHashOfItsBytes() {
        Answer answer = Objects.requireNonNull(discovery.answer("/apis", V2, ""));

        assertThat(answer.contentType()).isEqualTo(V2);
        assertThat(answer.etag()).matches("\"[0-9A-F]{128}\"");
        assertThat(Objects.requireNonNull(
                                Discovery.of(Catalog.builtIn().resources()).answer("/apis", V2, ""))
                        .etag())
                .isEqualTo(answer.etag());
    }

    @Test
    void answersTheBetaFormOnlyToThoseWhoKnowNoOther() throws IOException {
        Answer beta = Objects.requireNonNull(discovery.answer("/apis", BETA + ",application/json", ""));
        Answer both = Objects.requireNonNull(discovery.answer("/apis", V2 + "," + BETA + ",application/json", ""));

        assertThat(json(beta).get("apiVersion").asText()).isEqualTo("apidiscovery.k8s.io/v2beta1");
        assertThat(beta.contentType()).isEqualTo(BETA);
        assertThat(json(both).get("apiVersion").asText()).isEqualTo("apidiscovery.k8s.io/v2");
    }

    @Test
    void keepsTheOlderForms() throws IOException {
        JsonNode groups = plain("/apis");
        JsonNode versions = plain("/api");
        JsonNode autoscaling = plain("/apis/autoscaling");

        assertThat(groups.get("kind").asText()).isEqualTo("APIGroupList");
        assertThat(groups.at("/groups/0/name").asText()).isEqualTo("apiregistration.k8s.io");
        assertThat(versions.at("/versions/0").asText()).isEqualTo("v1");
        assertThat(versions.at("/serverAddressByClientCIDRs/0/serverAddress").asText())
                .isEqualTo("10.0.0.1:6443");
        assertThat(autoscaling.at("/preferredVersion/groupVersion").asText()).isEqualTo("autoscaling/v2");
        assertThat(autoscaling.get("versions")).hasSize(2);
    }

    @Test
    void listsResourcesWithSubresourcesAndTheHashOfTheStoredKind() throws IOException {
        JsonNode core = plain("/api/v1");
        JsonNode apps = plain("/apis/apps/v1");

        assertThat(core.get("resources"))
                .filteredOn(resource -> resource.get("name").asText().equals("pods"))
                .singleElement()
                .satisfies(pods ->
                        assertThat(pods.get("storageVersionHash").asText()).isEqualTo("xPOwRZ+Yhw8="));
        assertThat(core.get("resources"))
                .filteredOn(resource -> resource.get("name").asText().equals("pods/log"))
                .hasSize(1);
        assertThat(apps.get("resources"))
                .filteredOn(resource -> resource.get("name").asText().equals("deployments/scale"))
                .singleElement()
                .satisfies(scale -> assertThat(scale.get("group").asText()).isEqualTo("autoscaling"));
        assertThat(discovery.answer("/apis/apps/v2", "application/json", "")).isNull();
        assertThat(discovery.answer("/apis/example.com", "application/json", ""))
                .isNull();
    }

    @Test
    void putsCustomGroupsLastByNameAndTheirVersionsByStability() throws IOException {
        List<ResourceDefinition> all = new ArrayList<>();
        all.add(custom("zoo.example.com", "Bear", "v1alpha1", "v2", "v1", "v1beta3"));
        all.add(custom("farm.example.com", "Cow", "v1"));
        all.addAll(Catalog.builtIn().resources());
        JsonNode list = json(Objects.requireNonNull(Discovery.of(all).answer("/apis", V2, "")));

        List<String> names = new ArrayList<>();
        list.get("items").forEach(item -> names.add(item.at("/metadata/name").asText()));
        JsonNode zoo = list.get("items").get(names.size() - 1);

        assertThat(names).startsWith("apiregistration.k8s.io").endsWith("farm.example.com", "zoo.example.com");
        assertThat(zoo.get("versions"))
                .extracting(version -> version.get("version").asText())
                .containsExactly("v2", "v1", "v1beta3", "v1alpha1");
        assertThat(zoo.at("/versions/0/resources/0/responseKind/group").asText())
                .isEqualTo("zoo.example.com");
    }
}
