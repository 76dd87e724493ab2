// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.rootca;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps {@code kube-root-ca.crt} as it should be in each active namespace, whatever anyone does to it. */
public final class RootCaPublisher implements Controller {

    private static final String NAME = "root-ca-certificate-publisher-controller";
    private static final String CONFIG_MAP = "kube-root-ca.crt";
    private static final String KEY = "ca.crt";
    private static final String DESCRIPTION = "kubernetes.io/description";
    private static final Map<String, String> ANNOTATIONS = Map.of(
            DESCRIPTION,
            "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as"
                    + " the internal service IP or kubernetes.default.svc. No other usage is guaranteed across"
                    + " distributions of Kubernetes clusters.");

    private final ControllerContext context;
    private final String caPem;
    private final Informer<Namespace> namespaces;
    private final Informer<ConfigMap> configMaps;
    private final ControllerLoop<String> loop;

    /** Publishes {@code caPem}. */
    public RootCaPublisher(ControllerContext context, String caPem) {
        this.context = context;
        this.caPem = caPem;
        this.namespaces = context.informers().of(Namespace.class);
        this.configMaps = context.informers().of(ConfigMap.class);
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        namespaces.onChange(
                ChangeHandler.of(namespace -> queue.add(namespace.getMetadata().getName())));
        configMaps.onChange(ChangeHandler.of(map -> {
            if (CONFIG_MAP.equals(map.getMetadata().getName())) {
                queue.add(map.getMetadata().getNamespace());
            }
        }));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(String namespace) {
        Optional<Namespace> found = namespaces.find(ObjectKey.cluster(namespace));
        if (found.isEmpty() || found.get().getMetadata().getDeletionTimestamp() != null) {
            return Result.done();
        }
        Optional<ConfigMap> present = configMaps.find(new ObjectKey(namespace, CONFIG_MAP));
        Map<String, String> data = Map.of(KEY, caPem);
        if (present.isEmpty()) {
            create(namespace, data);
        } else if (!data.equals(present.get().getData()) || !isDescribed(present.get())) {
            context.api()
                    .update(new ConfigMapBuilder(present.get())
                            .editMetadata()
                            .addToAnnotations(ANNOTATIONS)
                            .endMetadata()
                            .withData(data)
                            .build());
        }
        return Result.done();
    }

    /** Whether the annotation is there; anybody may word it otherwise. */
    private static boolean isDescribed(ConfigMap map) {
        Map<String, String> annotations = map.getMetadata().getAnnotations();
        return annotations != null && !annotations.getOrDefault(DESCRIPTION, "").isEmpty();
    }

    private void create(String namespace, Map<String, String> data) {
        ConfigMap map = new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(CONFIG_MAP)
                .withAnnotations(ANNOTATIONS)
                .endMetadata()
                .withData(data)
                .build();
        try {
            context.api().create(map);
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isNamespaceTerminating(e) && !ApiErrors.isAlreadyExists(e) && !ApiErrors.isNotFound(e)) {
                throw e;
            }
        }
    }
}
