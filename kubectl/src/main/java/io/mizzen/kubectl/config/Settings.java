// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Durations;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.net.Endpoint;
import io.mizzen.kubectl.net.Trust;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a call works with after kubeconfig, environment and flags are put together: the server, who we are, the namespace.
 *
 * @param endpoint the server and our identity
 * @param namespace the namespace in force
 * @param namespaceGiven whether {@code -n} named it
 */
public record Settings(Endpoint endpoint, String namespace, boolean namespaceGiven) {
    /** The flags that every command takes, in the one-line form. */
    public static final String GLOBAL_FLAGS = "as:s= as-group:a= as-uid:s= as-user-extra:a= cache-dir:s="
            + " certificate-authority:s= client-certificate:s= client-key:s= cluster:s= context:s= disable-compression:b=false"
            + " insecure-skip-tls-verify:b=false kubeconfig:s= kuberc:s= log-flush-frequency:d=5s match-server-version:b=false"
            + " namespace,n:s= password:s= profile:s=none profile-output:s=profile.pprof request-timeout:s=0 server,s:s="
            + " tls-server-name:s= token:s= user:s= username:s= v,v:i=0 vmodule:s= warnings-as-errors:b=false help,h:b=false ";

    private static final Path POD_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    /** Puts everything together. @throws CommandFailure when a named context, cluster or file is not there */
    public static Settings of(Flags flags, Map<String, String> environment) {
        Kubeconfig config = Kubeconfig.load(flags.text("kubeconfig"), environment);
        if (config.isEmpty() && !flags.changedText("server") && isInPod(environment)) {
            return inPod(flags, environment);
        }
        String contextName = flags.changedText("context") ? flags.text("context") : config.currentContext();
        JsonNode context = config.entry("contexts", contextName);
        if (context.isMissingNode() && !contextName.isEmpty()) {
            throw CommandFailure.error("context \"" + contextName + "\" does not exist");
        }
        String clusterName = flags.changedText("cluster") ? flags.text("cluster") : Json.text(context, "cluster");
        String userName = flags.changedText("user") ? flags.text("user") : Json.text(context, "user");
        JsonNode cluster = config.entry("clusters", clusterName);
        JsonNode user = config.entry("users", userName);
        if (flags.changedText("cluster") && cluster.isMissingNode()) {
            throw CommandFailure.error("cluster \"" + clusterName + "\" does not exist");
        }
        if (flags.changedText("user") && user.isMissingNode()) {
            throw CommandFailure.error("auth info \"" + userName + "\" does not exist");
        }
        String server = flags.changedText("server") ? flags.text("server") : Json.text(cluster, "server");
        String namespace = Json.text(context, "namespace");
        boolean given =
                flags.changedText("namespace") && !flags.text("namespace").isEmpty();
        namespace = given ? flags.text("namespace") : namespace.isEmpty() ? "default" : namespace;
        Endpoint endpoint = endpoint(server, flags, cluster, user, environment);
        return new Settings(endpoint, namespace, given);
    }

    private static boolean isInPod(Map<String, String> environment) {
        return environment.containsKey("KUBERNETES_SERVICE_HOST") && Files.isReadable(POD_ACCOUNT.resolve("token"));
    }

    private static Settings inPod(Flags flags, Map<String, String> environment) {
        Map<String, String> headers = headers(flags);
        headers.putIfAbsent(
                "Authorization",
                "Bearer " + file(POD_ACCOUNT.resolve("token").toString()).strip());
        Trust trust = new Trust(file(POD_ACCOUNT.resolve("ca.crt").toString()), "", "", "", false);
        int port = Integer.parseInt(environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443"));
        String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
        boolean given = flags.changedText("namespace");
        String namespace = given
                ? flags.text("namespace")
                : file(POD_ACCOUNT.resolve("namespace").toString()).strip();
        return new Settings(new Endpoint(true, host, port, "", trust, headers, timeout(flags)), namespace, given);
    }

    private static Endpoint endpoint(
            String server, Flags flags, JsonNode cluster, JsonNode user, Map<String, String> environment) {
        String url = server.isEmpty() ? "http://localhost:8080" : server;
        boolean secure = url.startsWith("https://");
        String rest = url.contains("://") ? url.substring(url.indexOf("://") + 3) : url;
        if (!url.contains("://")) {
            secure = hasTls(flags, cluster, user);
        }
        int slash = rest.indexOf('/');
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        String base = slash < 0 ? "" : rest.substring(slash);
        while (base.endsWith("/")) {
            base = base.substring(0, base.length() - 1);
        }
        int colon = authority.lastIndexOf(':');
        if (authority.endsWith("]")) {
            colon = -1;
        }
        int port;
        try {
            port = colon < 0 ? secure ? 443 : 80 : Integer.parseInt(authority.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw CommandFailure.error("parse \"" + url + "\": invalid port after host");
        }
        String host = (colon < 0 ? authority : authority.substring(0, colon))
                .replace("[", "")
                .replace("]", "");
        if (!Json.text(cluster, "proxy-url").isEmpty()) {
            throw CommandFailure.error("proxy-url of a cluster is not supported");
        }
        Map<String, String> headers = headers(flags);
        Trust trust = Trust.NONE;
        if (secure) {
            trust = trust(flags, cluster, user);
        }
        Identity identity = new Identity(headers, trust);
        if (secure) {
            // Who can listen on the way must not learn them.
            identity.fill(flags, user, environment);
        }
        return new Endpoint(secure, host, port, base, identity.trust(), headers, timeout(flags));
    }

    private static boolean hasTls(Flags flags, JsonNode cluster, JsonNode user) {
        return flags.changedText("certificate-authority")
                || flags.changedText("client-certificate")
                || cluster.has("certificate-authority-data")
                || user.has("client-certificate-data");
    }

    private static Trust trust(Flags flags, JsonNode cluster, JsonNode user) {
        boolean insecure = flags.changed("insecure-skip-tls-verify")
                ? flags.is("insecure-skip-tls-verify")
                : cluster.path("insecure-skip-tls-verify").asBoolean(false);
        String name = flags.changedText("tls-server-name")
                ? flags.text("tls-server-name")
                : Json.text(cluster, "tls-server-name");
        return new Trust(
                pem(flags, cluster, "certificate-authority"),
                pem(flags, user, "client-certificate"),
                pem(flags, user, "client-key"),
                name,
                insecure);
    }

    private static String pem(Flags flags, JsonNode entry, String key) {
        if (flags.changed(key)) {
            return file(flags.text(key));
        }
        String data = Json.text(entry, key + "-data");
        if (!data.isEmpty()) {
            return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.US_ASCII);
        }
        String file = Json.text(entry, key);
        return file.isEmpty() ? "" : file(file);
    }

    static String file(String name) {
        try {
            return Files.readString(Path.of(name), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw CommandFailure.error("unable to read " + name + ": open " + name + ": no such file or directory");
        }
    }

    private static Map<String, String> headers(Flags flags) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("User-Agent", "kubectl/v1.35.6+mizzen (linux/amd64)");
        if (!flags.text("as").isEmpty()) {
            headers.put("Impersonate-User", flags.text("as"));
        }
        if (!flags.list("as-group").isEmpty()) {
            headers.put("Impersonate-Group", String.join("\n", flags.list("as-group")));
        }
        if (!flags.text("as-uid").isEmpty()) {
            headers.put("Impersonate-Uid", flags.text("as-uid"));
        }
        for (String extra : flags.list("as-user-extra")) {
            int equals = extra.indexOf('=');
            if (equals > 0) {
                headers.merge(
                        "Impersonate-Extra-" + extra.substring(0, equals),
                        extra.substring(equals + 1),
                        (a, b) -> a + "\n" + b);
            }
        }
        return headers;
    }

    private static Duration timeout(Flags flags) {
        try {
            return Durations.parse(flags.text("request-timeout"));
        } catch (NumberFormatException e) {
            throw CommandFailure.error(
                    "Invalid timeout value. Timeout must be a single integer in seconds, or an integer"
                            + " followed by a corresponding time unit (e.g. 1s | 2m | 3h)");
        }
    }
}
