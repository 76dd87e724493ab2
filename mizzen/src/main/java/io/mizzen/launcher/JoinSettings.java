// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.mizzen.client.ApiClient;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.KubeClients;
import io.mizzen.client.ObjectKey;
import io.mizzen.launcher.ServerSettings.Network;
import io.mizzen.launcher.node.Cidr;
import io.mizzen.launcher.pki.ClusterPki.Client;
import io.mizzen.launcher.pki.JoinToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node that joins must be told: the cluster's ranges, in ConfigMap {@code kube-system/mizzen-cluster}, which nodes may
 * read, and the fixed join token, if the server has one.
 */
final class JoinSettings {
    static final ObjectKey CONFIG_MAP = new ObjectKey("kube-system", "mizzen-cluster");
    private static final Logger LOG = LoggerFactory.getLogger(JoinSettings.class);
    private static final String FIXED = "Fixed by --token of the server";

    private JoinSettings() {}

    /** Writes both at a start of the API server; the whole join token also goes to {@code node-token} in the data folder. */
    static void publish(Path dataDir, Network network, Optional<JoinToken> token, String authorityPem) {
        Path admin = new Kubeconfigs(dataDir).of(Client.ADMIN);
        try (KubernetesClient client = KubeClients.fromKubeconfig(admin, "join-settings")) {
            ApiClient api = new HttpApiClient(client);
            Map<String, String> data = Map.of(
                    "cluster-cidr", network.clusterCidr().toString(),
                    "service-cidr", network.serviceCidr().toString(),
                    "cluster-dns", network.dns(),
                    "cluster-domain", network.domain());
            Optional<ConfigMap> present = api.find(ConfigMap.class, CONFIG_MAP);
            if (present.isEmpty()) {
                ConfigMap made = api.create(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withNamespace(CONFIG_MAP.namespace())
                        .withName(CONFIG_MAP.name())
                        .endMetadata()
                        .withData(data)
                        .build());
                LOG.debug("{} made", ObjectKey.of(made));
            } else if (!data.equals(present.get().getData())) {
                ConfigMap changed = api.update(
                        new ConfigMapBuilder(present.get()).withData(data).build());
                LOG.info("{} renewed", ObjectKey.of(changed));
            }
            fixToken(api, token);
        }
        Path file = dataDir.resolve("node-token");
        try {
            if (token.isPresent()) {
                Files.deleteIfExists(file);
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                Files.writeString(file, token.get().of(authorityPem).text() + "\n");
                LOG.info("Nodes join with the token in {}", file);
            } else {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    /** Makes the fixed token, and takes back one of an earlier start. */
    private static void fixToken(ApiClient api, Optional<JoinToken> token) {
        for (Secret secret : api.list(Secret.class, BootstrapToken.NAMESPACE)) {
            Optional<BootstrapToken> known = BootstrapToken.of(secret);
            boolean isOld = known.isPresent()
                    && known.get().description().equals(FIXED)
                    && !token.map(JoinToken::bearer)
                            .equals(Optional.of(known.get().token().bearer()));
            if (isOld) {
                api.delete(
                        Secret.class,
                        ObjectKey.of(secret),
                        io.mizzen.client.DeleteRequest.ofUid(
                                secret.getMetadata().getUid()));
            }
        }
        token.ifPresent(each -> {
            Secret wanted = new BootstrapToken(each, Optional.empty(), FIXED, List.of()).secret();
            Secret kept =
                    api.find(Secret.class, ObjectKey.of(wanted)).isPresent() ? api.update(wanted) : api.create(wanted);
            LOG.debug("{} kept", ObjectKey.of(kept));
        });
    }

    /** Reads the ranges again; empty when they are not published. */
    static Optional<Network> read(ApiClient api) {
        return api.find(ConfigMap.class, CONFIG_MAP)
                .map(ConfigMap::getData)
                .map(data -> new Network(
                        Cidr.parse("cluster-cidr", data.getOrDefault("cluster-cidr", "")),
                        Cidr.parse("service-cidr", data.getOrDefault("service-cidr", "")),
                        data.getOrDefault("cluster-dns", ""),
                        data.getOrDefault("cluster-domain", "")));
    }
}
