// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authentication;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tokens by which machines that have nothing else join the cluster, kept as Secrets in {@code kube-system} (API page
 * "Authenticating with Bootstrap Tokens"). Thread-safe.
 */
public final class BootstrapTokens {
    private static final Pattern FORM = Pattern.compile("([a-z0-9]{6})\\.([a-z0-9]{16})");
    private static final Pattern GROUP = Pattern.compile("system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]");
    private static final String TYPE = "bootstrap.kubernetes.io/token";

    private final Function<String, @Nullable JsonNode> secrets;
    private final InstantSource clock;

    /**
     * @param secrets the Secret of a name in {@code kube-system}, newest state, or null
     * @param clock for expirations
     */
    public BootstrapTokens(Function<String, @Nullable JsonNode> secrets, InstantSource clock) {
        this.secrets = secrets;
        this.clock = clock;
    }

    /** The user a token stands for; null when it is none of ours or no good. */
    public @Nullable UserInfo authenticate(String token) {
        Matcher parts = FORM.matcher(token);
        if (!parts.matches()) {
            return null;
        }
        String id = parts.group(1);
        JsonNode secret = secrets.apply("bootstrap-token-" + id);
        if (secret == null
                || ObjectTree.isTerminating(secret)
                || !secret.path("type").asText("").equals(TYPE)
                || !isSame(data(secret, "token-secret"), parts.group(2))
                || !data(secret, "token-id").equals(id)
                || isExpired(data(secret, "expiration"))
                || !data(secret, "usage-bootstrap-authentication").equals("true")) {
            return null;
        }
        List<String> groups = new ArrayList<>(List.of("system:bootstrappers"));
        for (String group : data(secret, "auth-extra-groups").split(",")) {
            if (group.isEmpty()) {
                continue;
            }
            if (!GROUP.matcher(group).matches()) {
                return null;
            }
            groups.add(group);
        }
        groups.add(UserInfo.AUTHENTICATED);
        return new UserInfo("system:bootstrap:" + id, "", groups, Map.of());
    }

    /** An expiration that cannot be read counts as past. */
    private boolean isExpired(String expiration) {
        if (expiration.isEmpty()) {
            return false;
        }
        try {
            Instant end = OffsetDateTime.parse(expiration).toInstant();
            return !clock.instant().isBefore(end);
        } catch (DateTimeParseException unreadable) {
            return true;
        }
    }

    private static boolean isSame(String wanted, String given) {
        return !wanted.isEmpty()
                && MessageDigest.isEqual(
                        wanted.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    private static String data(JsonNode secret, String key) {
        try {
            return new String(
                    Base64.getDecoder().decode(secret.path("data").path(key).asText("")), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notBase64) {
            return "";
        }
    }
}
