// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets each controller act under a service account of its own, so that it has just the rights of its role: tokens are
 * asked for by TokenRequest (KEP-1205) for an hour and renewed after four fifths of it. All accounts share one
 * connection, which shows no client certificate.
 */
public final class ServiceAccountCredentials implements AutoCloseable {

    private static final String NAMESPACE = "kube-system";
    private static final Duration LIFETIME = Duration.ofHours(1);

    private final ApiClient issuer;
    private final KubernetesClient bare;
    private final InstantSource clock;

    /**
     * @param own the component's own connection, which may make service accounts and tokens; stays the caller's
     */
    public ServiceAccountCredentials(KubernetesClient own, String component, InstantSource clock) {
        this.issuer = new HttpApiClient(own);
        this.clock = clock;
        Config config = new ConfigBuilder(own.getConfiguration())
                .withClientCertData(null)
                .withClientCertFile(null)
                .withClientKeyData(null)
                .withClientKeyFile(null)
                .withOauthToken(null)
                .withUsername(null)
                .withPassword(null)
                .build();
        this.bare = KubeClients.connect(config, component);
    }

    /** A client that acts as {@code kube-system/name}; the account and its token are made on first use. */
    public ApiClient as(String name) {
        return new HttpApiClient(new Transport(bare, new Token(name)));
    }

    @Override
    public void close() {
        bare.close();
    }

    /** The token of one account. */
    private final class Token implements Supplier<String> {
        private final String account;
        private final ReentrantLock lock = new ReentrantLock();
        private @Nullable String token;
        private Instant renewAt = Instant.EPOCH;

        Token(String account) {
            this.account = account;
        }

        @Override
        public String get() {
            lock.lock();
            try {
                String present = token;
                if (present != null && clock.instant().isBefore(renewAt)) {
                    return present;
                }
                String fresh = request();
                token = fresh;
                renewAt = clock.instant().plus(LIFETIME.multipliedBy(4).dividedBy(5));
                return fresh;
            } finally {
                lock.unlock();
            }
        }

        private String request() {
            ObjectKey key = new ObjectKey(NAMESPACE, account);
            try {
                return ask(key);
            } catch (KubernetesClientException e) {
                if (!ApiErrors.isNotFound(e)) {
                    throw e;
                }
            }
            createAccount(key);
            return ask(key);
        }

        private String ask(ObjectKey key) {
            ObjectNode body =
                    Json.object().put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenRequest");
            body.putObject("spec").put("expirationSeconds", LIFETIME.toSeconds());
            String path = ResourceType.of(ServiceAccount.class).objectPath(key) + "/token";
            JsonNode answer = issuer.dynamic().send("POST", path, body);
            String issued = answer.path("status").path("token").asText("");
            if (issued.isEmpty()) {
                throw new KubernetesClientException("the server gave no token for " + key);
            }
            return issued;
        }

        private void createAccount(ObjectKey key) {
            try {
                issuer.create(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace(key.namespace())
                        .withName(key.name())
                        .endMetadata()
                        .build());
            } catch (KubernetesClientException e) {
                if (!ApiErrors.isAlreadyExists(e)) {
                    throw e;
                }
            }
        }
    }
}
