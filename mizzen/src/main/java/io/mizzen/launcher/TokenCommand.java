// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.KubeClients;
import io.mizzen.client.ObjectKey;
import io.mizzen.launcher.flag.Flag;
import io.mizzen.launcher.flag.FlagException;
import io.mizzen.launcher.flag.FlagSet;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.pki.JoinToken;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** {@code mizzen token create|list|delete}: the tokens by which further nodes join. */
final class TokenCommand {
    private static final List<Flag> COMMON = List.of(
            Flag.value("data-dir", "DIR", "/var/lib/mizzen", "The server's data folder"),
            Flag.value("kubeconfig", "FILE", "", "How to reach the API server; empty: as the data folder says"),
            Flag.value("log-file", "FILE", "", "Log there instead of to standard error"));

    private TokenCommand() {}

    static FlagSet createFlags() {
        List<Flag> flags = new ArrayList<>(COMMON);
        flags.add(Flag.value("ttl", "DURATION", "24h", "How long it is good; 0 for ever"));
        flags.add(Flag.value("description", "TEXT", "", "What it is for"));
        flags.add(Flag.value("groups", "GROUP,…", "", "Groups beside system:bootstrappers"));
        flags.add(Flag.value("id", "TOKEN", "", "The token itself; empty: a new one by chance"));
        flags.add(Flag.toggle("print-join-command", "Print the whole command for the new node"));
        flags.add(Flag.value("server", "URL", "", "Server in that command; empty: this node's address"));
        return new FlagSet(flags);
    }

    static FlagSet listFlags() {
        return new FlagSet(COMMON);
    }

    static FlagSet deleteFlags() {
        List<Flag> flags = new ArrayList<>(COMMON);
        flags.add(Flag.value("id", "ID", "", "Id of the token, or the token"));
        return new FlagSet(flags);
    }

    /** An argument without dashes is the id. */
    static List<String> withIdAsFlag(List<String> arguments) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            boolean isValue = i > 0
                    && arguments.get(i - 1).startsWith("--")
                    && !arguments.get(i - 1).contains("=")
                    && !arguments.get(i - 1).equals("--print-join-command");
            all.add(argument.startsWith("--") || isValue ? argument : "--id=" + argument);
        }
        return all;
    }

    static void create(FlagValues flags) {
        JoinToken token = flags.isGiven("id")
                ? JoinToken.parse(flags.text("id"))
                        .orElseThrow(() -> new FlagException("a token has the form abcdef.0123456789abcdef"))
                : JoinToken.random();
        Duration life = flags.duration("ttl");
        Optional<Instant> end = life.isZero()
                ? Optional.empty()
                : Optional.of(InstantSource.system().instant().plus(life).truncatedTo(ChronoUnit.SECONDS));
        BootstrapToken made = new BootstrapToken(token, end, flags.text("description"), flags.list("groups"));
        with(flags, (api, client) -> {
            Secret stored = api.create(made.secret());
            String authority = authority(client);
            String text = token.of(authority).text();
            System.out.println(
                    flags.isOn("print-join-command")
                            ? "mizzen agent --server " + server(flags, client, api) + " --token " + text
                            : text);
            java.util.Objects.requireNonNull(stored);
        });
    }

    static void list(FlagValues flags) {
        Instant now = InstantSource.system().instant();
        with(flags, (api, client) -> {
            System.out.printf("%-8s %-8s %-22s %-46s %s%n", "ID", "TTL", "EXPIRES", "DESCRIPTION", "EXTRA GROUPS");
            for (Secret secret : api.list(Secret.class, BootstrapToken.NAMESPACE)) {
                BootstrapToken.of(secret)
                        .ifPresent(token -> System.out.printf(
                                "%-8s %-8s %-22s %-46s %s%n",
                                token.token().id(),
                                token.expiration().map(end -> left(now, end)).orElse("<forever>"),
                                token.expiration().map(Instant::toString).orElse("<never>"),
                                token.description().isEmpty() ? "<none>" : token.description(),
                                String.join(",", token.groups())));
            }
        });
    }

    private static String left(Instant now, Instant end) {
        Duration left = Duration.between(now, end);
        if (left.isNegative()) {
            return "<expired>";
        }
        return left.toHours() > 0
                ? left.toHours() + "h"
                : left.toMinutes() > 0 ? left.toMinutes() + "m" : left.toSeconds() + "s";
    }

    static void delete(FlagValues flags) {
        if (!flags.isGiven("id")) {
            throw new FlagException("say which token: mizzen token delete ID");
        }
        String id = JoinToken.parse(flags.text("id")).map(JoinToken::id).orElse(flags.text("id"));
        with(flags, (api, client) -> {
            api.delete(
                    Secret.class,
                    new ObjectKey(BootstrapToken.NAMESPACE, BootstrapToken.secretName(id)),
                    DeleteRequest.plain());
            System.out.println("token " + id + " deleted");
        });
    }

    @FunctionalInterface
    private interface Use {
        void run(ApiClient api, KubernetesClient client);
    }

    private static void with(FlagValues flags, Use use) {
        Path kubeconfig = flags.isGiven("kubeconfig")
                ? flags.path("kubeconfig")
                : new Kubeconfigs(flags.path("data-dir")).of(io.mizzen.launcher.pki.ClusterPki.Client.ADMIN);
        if (!Files.isReadable(kubeconfig)) {
            throw new LaunchException(kubeconfig + " cannot be read: give the server's --data-dir, or --kubeconfig");
        }
        try (KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "token")) {
            use.run(new HttpApiClient(client), client);
        } catch (KubernetesClientException e) {
            String reason = ApiErrors.isNotFound(e) ? "there is no such token" : String.valueOf(e.getMessage());
            throw new LaunchException(reason, e);
        }
    }

    private static String authority(KubernetesClient client) {
        String data = client.getConfiguration().getCaCertData();
        if (data == null || data.isEmpty()) {
            throw new LaunchException("the kubeconfig does not hold the cluster's CA (certificate-authority-data)");
        }
        return data.startsWith("-----")
                ? data
                : new String(Base64.getMimeDecoder().decode(data), java.nio.charset.StandardCharsets.US_ASCII);
    }

    /** The kubeconfig of the data folder leads to loopback, which is of no use to another machine. */
    private static String server(FlagValues flags, KubernetesClient client, ApiClient api) {
        if (flags.isGiven("server")) {
            return flags.text("server");
        }
        String url = client.getConfiguration().getMasterUrl().replaceAll("/$", "");
        Optional<String> advertised = api.find(
                        io.fabric8.kubernetes.api.model.Endpoints.class, new ObjectKey("default", "kubernetes"))
                .map(endpoints -> endpoints
                        .getSubsets()
                        .getFirst()
                        .getAddresses()
                        .getFirst()
                        .getIp());
        return advertised.isPresent() ? url.replaceFirst("127\\.0\\.0\\.1|localhost", advertised.get()) : url;
    }
}
