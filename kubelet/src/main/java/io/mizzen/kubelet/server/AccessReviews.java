// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the API server who holds a token and who may do what with this node (API page "Kubelet authentication/authorization").
 * Answers are remembered: a token for two minutes, a permission for five, a refusal of either for half a minute. Tokens are
 * remembered by their checksums, refused ones apart, so that they push out no good one. An answer with another error than that the
 * token is invalid says nothing about the token and is not remembered. Without an API server nobody but the cluster's masters is
 * let in. Thread-safe.
 */
public final class AccessReviews implements KubeletAuthorizer, KubeletAuthenticator {
    private static final Logger LOG = LoggerFactory.getLogger(AccessReviews.class);
    private static final Duration TOKEN = Duration.ofMinutes(2);
    private static final Duration ALLOWED = Duration.ofMinutes(5);
    private static final Duration REFUSED = Duration.ofSeconds(30);
    private static final int REMEMBERED = 1000;
    /** What the API server says of a token that nobody holds, the only error that is about the token. */
    private static final String INVALID = "[invalid bearer token]";

    private static final String MASTERS = "system:masters";

    private final ApiClient api;
    private final String nodeName;
    private final Remembered<String, User> tokens;
    private final Remembered<String, Boolean> refused;
    private final Remembered<Question, Boolean> answers;

    private record Question(User user, String verb, String subresource) {}

    /**
     * @param api the node's own connection
     * @param nodeName name of this node
     */
    public AccessReviews(ApiClient api, String nodeName, InstantSource clock) {
        this.api = api;
        this.nodeName = nodeName;
        this.tokens = new Remembered<>(clock);
        this.refused = new Remembered<>(clock);
        this.answers = new Remembered<>(clock);
    }

    @Override
    public Optional<User> authenticate(String bearer) {
        String checksum = checksum(bearer);
        User known = tokens.find(checksum);
        if (known != null || refused.find(checksum) != null) {
            return Optional.ofNullable(known);
        }
        ObjectNode review = Json.object();
        review.put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenReview");
        review.putObject("spec").put("token", bearer);
        JsonNode status = send("/apis/authentication.k8s.io/v1/tokenreviews", review);
        if (!status.path("authenticated").asBoolean(false)) {
            String error = status.path("error").asText("");
            if (!status.isMissingNode() && (error.isEmpty() || error.equals(INVALID))) {
                refused.keep(checksum, true, REFUSED);
            }
            return Optional.empty();
        }
        Set<String> groups = new TreeSet<>();
        status.path("user").path("groups").forEach(group -> groups.add(group.asText()));
        User user = new User(status.path("user").path("username").asText(""), groups);
        tokens.keep(checksum, user, TOKEN);
        return Optional.of(user);
    }

    private static String checksum(String bearer) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(bearer.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public boolean allows(User user, String verb, List<String> subresources) {
        return user.groups().contains(MASTERS)
                || subresources.stream().anyMatch(subresource -> allows(new Question(user, verb, subresource)));
    }

    private boolean allows(Question question) {
        Boolean known = answers.find(question);
        if (known != null) {
            return known;
        }
        ObjectNode review = Json.object();
        review.put("apiVersion", "authorization.k8s.io/v1").put("kind", "SubjectAccessReview");
        ObjectNode spec = review.putObject("spec").put("user", question.user().name());
        ArrayNode groups = spec.putArray("groups");
        question.user().groups().forEach(groups::add);
        spec.putObject("resourceAttributes")
                .put("version", "v1")
                .put("resource", "nodes")
                .put("subresource", question.subresource())
                .put("name", nodeName)
                .put("verb", question.verb());
        JsonNode status = send("/apis/authorization.k8s.io/v1/subjectaccessreviews", review);
        boolean isAllowed = status.path("allowed").asBoolean(false);
        if (!status.isMissingNode()) {
            answers.keep(question, isAllowed, isAllowed ? ALLOWED : REFUSED);
        }
        return isAllowed;
    }

    /** The status of a review; missing when there was no answer. */
    private JsonNode send(String path, ObjectNode review) {
        try {
            return api.dynamic().send("POST", path, review).path("status");
        } catch (KubernetesClientException e) {
            LOG.warn("{} does not answer: {}", path, e.getMessage());
            return Json.object().path("status");
        }
    }

    /** Values that are good for a while; the oldest go when there are too many. */
    private static final class Remembered<K, V> {
        private final InstantSource clock;
        private final ReentrantLock lock = new ReentrantLock();
        private final Map<K, Kept<V>> values = new LinkedHashMap<>();

        private record Kept<V>(V value, Instant until) {}

        Remembered(InstantSource clock) {
            this.clock = clock;
        }

        @Nullable
        V find(K key) {
            lock.lock();
            try {
                Kept<V> kept = values.get(key);
                return kept == null || clock.instant().isAfter(kept.until()) ? null : kept.value();
            } finally {
                lock.unlock();
            }
        }

        void keep(K key, V value, Duration time) {
            lock.lock();
            try {
                values.remove(key);
                if (values.size() >= REMEMBERED) {
                    values.remove(values.keySet().iterator().next());
                }
                values.put(key, new Kept<>(value, clock.instant().plus(time)));
            } finally {
                lock.unlock();
            }
        }
    }
}
