// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.bootstrap;

import io.fabric8.kubernetes.api.model.Secret;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.condition.Timestamps;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes bootstrap tokens when they expire. */
public final class TokenCleaner implements Controller {
    private static final Logger log = LoggerFactory.getLogger(TokenCleaner.class);
    private static final String NAME = "token-cleaner-controller";
    private static final String NAMESPACE = "kube-system";
    private static final String TYPE = "bootstrap.kubernetes.io/token";

    private final ControllerContext context;
    private final Informer<Secret> secrets;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informer and waits to be started. */
    public TokenCleaner(ControllerContext context) {
        this.context = context;
        this.secrets = context.informers().of(Secret.class);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        secrets.onChange(ChangeHandler.of(secret -> {
            if (NAMESPACE.equals(secret.getMetadata().getNamespace())
                    && expiry(secret).isPresent()) {
                queue.add(ObjectKey.of(secret));
            }
        }));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Secret> secret = secrets.find(key);
        Optional<Instant> expiry = secret.flatMap(TokenCleaner::expiry);
        if (expiry.isEmpty()) {
            return Result.done();
        }
        Instant now = context.clock().instant();
        if (now.isBefore(expiry.get())) {
            return Result.after(Duration.between(now, expiry.get()));
        }
        // Its time may have been changed a moment ago.
        DeleteRequest request = DeleteRequest.ofUid(secret.get().getMetadata().getUid())
                .atVersion(secret.get().getMetadata().getResourceVersion());
        if (context.api().deleteIfPresent(Secret.class, key, request)) {
            log.info("Bootstrap token {} has expired and was deleted", key.name());
        }
        return Result.done();
    }

    /** When a token's time is over: at once when it says so unreadably; empty when it is no token or lives for ever. */
    static Optional<Instant> expiry(Secret secret) {
        String encoded = secret.getData() == null ? null : secret.getData().get("expiration");
        if (!TYPE.equals(secret.getType()) || encoded == null || encoded.isEmpty()) {
            return Optional.empty();
        }
        try {
            String text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
            return Optional.of(Timestamps.parse(text).orElse(Instant.EPOCH));
        } catch (IllegalArgumentException notBase64) {
            return Optional.of(Instant.EPOCH);
        }
    }
}
