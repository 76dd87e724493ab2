// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.apiserver.ApiServer;
import io.mizzen.apiserver.ApiServerOptions;
import io.mizzen.launcher.ServerSettings.Api;
import io.mizzen.launcher.ServerSettings.Network;
import io.mizzen.launcher.pki.ClusterPki;
import io.mizzen.launcher.pki.KeyFiles;
import java.nio.file.Path;

/** Translates settings into the API server's options and starts it. Stateless. */
final class ApiServerWiring {
    private ApiServerWiring() {}

    static AutoCloseable start(Path dataDir, Api api, Network network, ClusterPki pki, MeterRegistry registry)
            throws Exception {
        KeyFiles serving = pki.apiServer();
        KeyFiles kubeletClient = pki.apiServerKubeletClient();
        Path authority = pki.clusterAuthority().certificate();
        ServerSettings.Etcd etcd = api.etcd();
        return ApiServer.start(
                new ApiServerOptions(
                        api.bindAddress(),
                        api.port(),
                        api.advertiseAddress(),
                        dataDir.resolve("db"),
                        new ApiServerOptions.Tls(
                                serving.certificate(),
                                serving.key(),
                                authority,
                                kubeletClient.certificate(),
                                kubeletClient.key(),
                                authority),
                        pki.serviceAccountKey(),
                        "https://kubernetes.default.svc." + network.domain(),
                        network.serviceCidr().toString(),
                        api.eventTtl(),
                        etcd.endpoints().isEmpty()
                                ? null
                                : new ApiServerOptions.Etcd(
                                        etcd.endpoints(),
                                        etcd.authority().orElse(null),
                                        etcd.certificate().orElse(null),
                                        etcd.key().orElse(null))),
                registry);
    }
}
