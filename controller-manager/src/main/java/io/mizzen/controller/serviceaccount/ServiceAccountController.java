// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.serviceaccount;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
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
import java.util.Optional;

/** Makes the ServiceAccount {@code default} in each active namespace, and again when it is deleted. */
public final class ServiceAccountController implements Controller {

    private static final String NAME = "serviceaccount-controller";
    private static final String DEFAULT = "default";

    private final ControllerContext context;
    private final Informer<Namespace> namespaces;
    private final Informer<ServiceAccount> accounts;
    private final ControllerLoop<String> loop;

    /** Asks for its informers and waits to be started. */
    public ServiceAccountController(ControllerContext context) {
        this.context = context;
        this.namespaces = context.informers().of(Namespace.class);
        this.accounts = context.informers().of(ServiceAccount.class);
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        namespaces.onChange(
                ChangeHandler.of(namespace -> queue.add(namespace.getMetadata().getName())));
        accounts.onChange(new ChangeHandler<>() {
            @Override
            public void added(ServiceAccount account) {}

            @Override
            public void updated(ServiceAccount old, ServiceAccount account) {}

            @Override
            public void deleted(ServiceAccount last) {
                queue.add(last.getMetadata().getNamespace());
            }
        });
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
        if (accounts.find(new ObjectKey(namespace, DEFAULT)).isPresent()) {
            return Result.done();
        }
        ServiceAccount account = new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(DEFAULT)
                .endMetadata()
                .build();
        try {
            context.api().create(account);
        } catch (KubernetesClientException e) {
            boolean settled =
                    ApiErrors.isAlreadyExists(e) || ApiErrors.isNamespaceTerminating(e) || ApiErrors.isNotFound(e);
            if (!settled) {
                throw e;
            }
        }
        return Result.done();
    }
}
