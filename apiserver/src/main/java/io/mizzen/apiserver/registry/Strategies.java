// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import io.mizzen.api.catalog.ResourceDefinition;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Which strategy a built-in resource has; those not named here are ordinary. Immutable once made. */
public final class Strategies {
    private final Map<String, Strategy> byResource = new HashMap<>();

    /**
     * @param eventTtl how long Events live after they were last written; zero for ever
     */
    public Strategies(ServiceAllocator allocator, Duration eventTtl) {
        PlainStrategy plain = PlainStrategy.ORDINARY;
        PlainStrategy counted = plain.generations();
        byResource.put("pods", new PodStrategy());
        byResource.put("services", new ServiceStrategy(allocator));
        byResource.put("namespaces", new NamespaceStrategy());
        byResource.put("jobs.batch", new JobStrategy());
        byResource.put("certificatesigningrequests.certificates.k8s.io", new SigningRequestStrategy());
        byResource.put("customresourcedefinitions.apiextensions.k8s.io", new CustomDefinitionStrategy());
        byResource.put("cronjobs.batch", counted.defaulting(WorkloadDefaults::cronJob));
        byResource.put("deployments.apps", counted.defaulting(WorkloadDefaults::deployment));
        byResource.put("replicasets.apps", counted.defaulting(WorkloadDefaults::replicaSet));
        byResource.put("daemonsets.apps", counted.defaulting(WorkloadDefaults::daemonSet));
        byResource.put("statefulsets.apps", counted.defaulting(WorkloadDefaults::statefulSet));
        byResource.put("replicationcontrollers", counted.orphans().defaulting(WorkloadDefaults::replicationController));
        byResource.put("podtemplates", counted.returnsDeleted().defaulting(WorkloadDefaults::podTemplate));
        byResource.put("secrets", plain.defaulting(WorkloadDefaults::secret));
        byResource.put("nodes", plain.defaulting(WorkloadDefaults::node));
        byResource.put("endpoints", plain.createOnUpdate());
        byResource.put("events", plain.createOnUpdate().livesFor(eventTtl.toSeconds()));
        byResource.put("limitranges", plain.createOnUpdate().defaulting(PolicyDefaults::limitRange));
        byResource.put("horizontalpodautoscalers.autoscaling", plain.defaulting(PolicyDefaults::autoscaler));
        byResource.put("leases.coordination.k8s.io", plain.createOnUpdate().guarded());
        byResource.put("endpointslices.discovery.k8s.io", counted);
        byResource.put("persistentvolumes", plain.returnsDeleted().defaulting(WorkloadDefaults::pending));
        byResource.put("persistentvolumeclaims", plain.returnsDeleted().defaulting(WorkloadDefaults::pending));
        byResource.put("serviceaccounts", plain.returnsDeleted());
        byResource.put("resourcequotas", plain.returnsDeleted());
        byResource.put("networkpolicies.networking.k8s.io", counted.defaulting(WorkloadDefaults::networkPolicy));
        byResource.put(
                "rolebindings.rbac.authorization.k8s.io",
                plain.createOnUpdate().defaulting(WorkloadDefaults::roleBinding));
        byResource.put(
                "clusterrolebindings.rbac.authorization.k8s.io",
                plain.createOnUpdate().defaulting(WorkloadDefaults::roleBinding));
        byResource.put("roles.rbac.authorization.k8s.io", plain.createOnUpdate());
        byResource.put("clusterroles.rbac.authorization.k8s.io", plain.createOnUpdate());
        for (String resource : new String[] {
            "ingresses.networking.k8s.io",
            "ingressclasses.networking.k8s.io",
            "poddisruptionbudgets.policy",
            "priorityclasses.scheduling.k8s.io",
            "flowschemas.flowcontrol.apiserver.k8s.io",
            "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
            "mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "validatingwebhookconfigurations.admissionregistration.k8s.io",
            "validatingadmissionpolicies.admissionregistration.k8s.io",
            "validatingadmissionpolicybindings.admissionregistration.k8s.io",
            "resourceslices.resource.k8s.io"
        }) {
            byResource.put(resource, counted);
        }
    }

    /** The strategy of a resource. */
    public Strategy of(ResourceDefinition definition) {
        return byResource.getOrDefault(definition.groupResource().toString(), PlainStrategy.ORDINARY);
    }
}
