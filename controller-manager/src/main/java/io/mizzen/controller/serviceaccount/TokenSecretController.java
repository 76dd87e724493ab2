// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.serviceaccount;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Optional;

/**
 * Fills Secrets of type {@code kubernetes.io/service-account-token} with a token of the account that they name, and
 * deletes them when that account goes (API page "Managing Service Accounts", token controller).
 *
 * <p>The token is one of TokenRequest, bound to its Secret: it is good until the Secret or the account goes, at most for
 * the longest time that TokenRequest gives.
 */
public final class TokenSecretController implements Controller {
    private static final String NAME = "serviceaccount-token-controller";
    /** About 136 years. */
    private static final long LONGEST_SECONDS = 1L << 32;

    private final ControllerContext context;
    private final String caPem;
    private final Informer<Secret> secrets;
    private final Informer<ServiceAccount> accounts;
    private final ControllerLoop<ObjectKey> loop;

    /**
     * Asks for its informers and waits to be started.
     *
     * @param caPem the certificate that the API server is known by, PEM
     */
    public TokenSecretController(ControllerContext context, String caPem) {
        this.context = context;
        this.caPem = caPem;
        this.secrets = context.informers().of(Secret.class);
        this.accounts = context.informers().of(ServiceAccount.class);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        secrets.onChange(ChangeHandler.of(secret -> {
            if (TokenSecret.isOne(secret)) {
                queue.add(ObjectKey.of(secret));
            }
        }));
        accounts.onChange(ChangeHandler.of(account -> {
            String namespace = account.getMetadata().getNamespace();
            for (Secret secret : secrets.inNamespace(namespace)) {
                if (TokenSecret.isOne(secret)
                        && TokenSecret.account(secret)
                                .equals(account.getMetadata().getName())) {
                    queue.add(ObjectKey.of(secret));
                }
            }
        }));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Secret> found = secrets.find(key).filter(TokenSecret::isOne);
        if (found.isEmpty() || found.get().getMetadata().getDeletionTimestamp() != null) {
            return Result.done();
        }
        Secret secret = found.get();
        Optional<ServiceAccount> account = account(secret);
        if (account.isEmpty()) {
            DeleteRequest exactly = DeleteRequest.ofUid(secret.getMetadata().getUid())
                    .atVersion(secret.getMetadata().getResourceVersion());
            context.api().deleteIfPresent(Secret.class, key, exactly);
        } else if (!TokenSecret.isComplete(secret, caPem)) {
            String token = TokenSecret.token(secret).orElseGet(() -> request(secret, account.get()));
            context.api().update(TokenSecret.filled(secret, account.get(), caPem, token));
        }
        return Result.done();
    }

    /** The account that a Secret belongs to. A cache that has none yet is no proof. */
    private Optional<ServiceAccount> account(Secret secret) {
        ObjectKey key = new ObjectKey(secret.getMetadata().getNamespace(), TokenSecret.account(secret));
        return accounts.find(key)
                .filter(account -> TokenSecret.belongsTo(secret, account))
                .or(() -> context.api()
                        .find(ServiceAccount.class, key)
                        .filter(account -> TokenSecret.belongsTo(secret, account)));
    }

    /** A token of this very account: it was there before and is after, so it is the one that the answer is about. */
    private String request(Secret secret, ServiceAccount account) {
        ObjectNode request = Json.object();
        request.put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenRequest");
        ObjectNode spec = request.putObject("spec").put("expirationSeconds", LONGEST_SECONDS);
        spec.putObject("boundObjectRef")
                .put("apiVersion", "v1")
                .put("kind", "Secret")
                .put("name", secret.getMetadata().getName())
                .put("uid", secret.getMetadata().getUid());
        ObjectKey key = ObjectKey.of(account);
        String path = "/api/v1/namespaces/" + key.namespace() + "/serviceaccounts/" + key.name() + "/token";
        JsonNode answer = context.api().dynamic().send("POST", path, request);
        boolean isStillThere = context.api()
                .find(ServiceAccount.class, key)
                .filter(live ->
                        live.getMetadata().getUid().equals(account.getMetadata().getUid()))
                .isPresent();
        if (!isStillThere) {
            throw ApiErrors.of(409, "Conflict", "ServiceAccount " + key + " has just been deleted or made anew");
        }
        return answer.path("status").path("token").asText();
    }
}
