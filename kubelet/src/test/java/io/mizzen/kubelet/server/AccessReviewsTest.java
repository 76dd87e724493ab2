// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.Json;
import io.mizzen.testing.clock.VirtualClock;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AccessReviewsTest {
    private static final KubeletAuthorizer.User JANE = new KubeletAuthorizer.User("jane", Set.of("devs"));

    private final VirtualClock clock = new VirtualClock();
    private final List<JsonNode> sent = new ArrayList<>();
    private boolean isReachable = true;
    private String error = "[invalid bearer token]";
    private final AccessReviews reviews = new AccessReviews(api(), "worker", clock);

    /** An API server that knows the token "good" and lets jane get nodes/metrics. */
    private ApiClient api() {
        ApiClient.Dynamic dynamic = (ApiClient.Dynamic) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ApiClient.Dynamic.class}, (proxy, method, arguments) -> {
                    if (!isReachable) {
                        throw new KubernetesClientException("no answer");
                    }
                    JsonNode review = (JsonNode) arguments[2];
                    sent.add(review);
                    ObjectNode answer = Json.object();
                    ObjectNode status = answer.putObject("status");
                    if (review.path("kind").asText().equals("TokenReview")) {
                        boolean isGood = review.at("/spec/token").asText().equals("good");
                        status.put("authenticated", isGood);
                        if (!isGood) {
                            status.put("error", error);
                        }
                        status.putObject("user")
                                .put("username", "jane")
                                .putArray("groups")
                                .add("devs");
                    } else {
                        status.put(
                                "allowed",
                                review.at("/spec/resourceAttributes/subresource")
                                        .asText()
                                        .equals("metrics"));
                    }
                    return answer;
                });
        return (ApiClient) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ApiClient.class}, (proxy, method, arguments) -> dynamic);
    }

    @Test
    void knowsWhoHoldsAToken() {
        assertThat(reviews.authenticate("good")).contains(JANE);
        assertThat(reviews.authenticate("bad")).isEmpty();
    }

    @Test
    void asksOnceInHalfAMinuteForARefusedToken() {
        for (int i = 0; i < 5; i++) {
            assertThat(reviews.authenticate("bad")).isEmpty();
        }
        assertThat(sent).hasSize(1);
        assertThat(reviews.authenticate("good")).as("another token").contains(JANE);

        clock.advance(Duration.ofSeconds(31));
        assertThat(reviews.authenticate("bad")).isEmpty();
        assertThat(sent).hasSize(3);
    }

    @Test
    void asksAgainWhenTheAnswerIsNotAboutTheToken() {
        error = "etcd does not answer";
        reviews.authenticate("bad");
        reviews.authenticate("bad");
        assertThat(sent).hasSize(2);

        error = "";
        reviews.authenticate("bad");
        reviews.authenticate("bad");
        assertThat(sent).hasSize(3);
    }

    @Test
    void manyRefusedTokensPushOutNoGoodOne() {
        reviews.authenticate("good");
        for (int i = 0; i < 3000; i++) {
            reviews.authenticate("bad-" + i);
        }
        sent.clear();

        assertThat(reviews.authenticate("good")).contains(JANE);
        assertThat(sent).isEmpty();
        reviews.authenticate("bad-0");
        assertThat(sent).as("the oldest refusal is forgotten").hasSize(1);
    }

    @Test
    void asksOnceForWhatItRemembersAndAgainLater() {
        assertThat(reviews.allows(JANE, "get", List.of("metrics"))).isTrue();
        assertThat(reviews.allows(JANE, "get", List.of("metrics"))).isTrue();
        assertThat(sent).hasSize(1);
        assertThat(sent.getFirst().at("/spec/resourceAttributes/name").asText()).isEqualTo("worker");

        clock.advance(Duration.ofMinutes(6));
        assertThat(reviews.allows(JANE, "get", List.of("metrics"))).isTrue();
        assertThat(sent).hasSize(2);
    }

    @Test
    void oneOfTheSubresourcesSuffices() {
        assertThat(reviews.allows(JANE, "get", List.of("stats", "metrics"))).isTrue();
        assertThat(reviews.allows(JANE, "get", List.of("pods", "proxy"))).isFalse();
    }

    @Test
    void withoutAnAnswerOnlyMastersAreLetIn() {
        isReachable = false;

        assertThat(reviews.authenticate("good")).isEqualTo(Optional.empty());
        assertThat(reviews.allows(JANE, "get", List.of("metrics"))).isFalse();
        assertThat(reviews.allows(new KubeletAuthorizer.User("api", Set.of("system:masters")), "get", List.of("proxy")))
                .isTrue();

        isReachable = true;
        assertThat(reviews.authenticate("good")).contains(JANE);
        assertThat(reviews.allows(JANE, "get", List.of("metrics")))
                .as("a missing answer is not remembered")
                .isTrue();
    }
}
