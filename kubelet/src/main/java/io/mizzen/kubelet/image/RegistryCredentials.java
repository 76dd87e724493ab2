// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Secret;
import io.mizzen.kubelet.control.SecretData;
import io.mizzen.kubelet.cri.v1.AuthConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Finds the credentials for an image in the Docker configurations of pull secrets. Pure. */
public final class RegistryCredentials {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RegistryCredentials() {}

    /**
     * Credentials whose registry (and path, where it names one) fits the image, the most specific first.
     *
     * @param secrets of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg; others are skipped
     */
    public static List<AuthConfig> find(List<Secret> secrets, ImageName image) {
        Map<String, List<AuthConfig>> byKey = new TreeMap<>(
                Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));
        for (Secret secret : secrets) {
            Map<String, byte[]> data = SecretData.of(secret);
            byte[] modern = data.get(".dockerconfigjson");
            byte[] old = data.get(".dockercfg");
            JsonNode auths = modern != null ? read(modern).path("auths") : old != null ? read(old) : JSON.missingNode();
            auths.properties().forEach(e -> {
                String key = normalized(e.getKey());
                if (matches(key, image)) {
                    byKey.computeIfAbsent(key, k -> new ArrayList<>()).add(auth(e.getValue()));
                }
            });
        }
        return byKey.values().stream().flatMap(List::stream).toList();
    }

    private static JsonNode read(byte[] bytes) {
        try {
            return JSON.readTree(bytes);
        } catch (IOException e) {
            // A secret that is no JSON holds no credentials; the pull says that it was refused.
            return JSON.missingNode();
        }
    }

    private static String normalized(String key) {
        String bare = key.replaceFirst("^https?://", "").replaceFirst("/+$", "");
        bare = bare.replaceFirst("/v[12]$", "");
        return bare.equals("index.docker.io") ? "docker.io" : bare;
    }

    private static boolean matches(String key, ImageName image) {
        String[] parts = key.split("/", 2);
        if (!hostMatches(parts[0], image.registryKey())) {
            return false;
        }
        String path = image.repository().substring(image.repository().indexOf('/') + 1);
        return parts.length == 1 || path.equals(parts[1]) || path.startsWith(parts[1] + "/");
    }

    private static boolean hostMatches(String pattern, String host) {
        StringBuilder regex = new StringBuilder();
        for (String piece : pattern.split("\\*", -1)) {
            regex.append(regex.isEmpty() ? "" : "[^.]*").append(Pattern.quote(piece));
        }
        return host.matches(regex.toString());
    }

    /** Without the server, as upstream: the runtime would compare it as a URL, and keys are not written as URLs. */
    private static AuthConfig auth(JsonNode entry) {
        String user = entry.path("username").asText("");
        String password = entry.path("password").asText("");
        String both = entry.path("auth").asText("");
        if (user.isEmpty() && !both.isEmpty()) {
            String decoded = new String(Base64.getDecoder().decode(both), StandardCharsets.UTF_8);
            int colon = decoded.indexOf(':');
            user = colon < 0 ? decoded : decoded.substring(0, colon);
            password = colon < 0 ? "" : decoded.substring(colon + 1);
        }
        return AuthConfig.newBuilder()
                .setUsername(user)
                .setPassword(password)
                .setIdentityToken(entry.path("identitytoken").asText(""))
                .setRegistryToken(entry.path("registrytoken").asText(""))
                .build();
    }
}
