// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import io.mizzen.apiserver.authorization.Authorizer;
import io.mizzen.apiserver.authorization.RoleEscalation;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import java.util.List;

/** The plugins that are on, in upstream's order. */
public final class DefaultAdmission {
    private DefaultAdmission() {}

    public static Admission of(
            ObjectCache cache,
            Storage storage,
            Metadata names,
            NodeRestriction nodeRestriction,
            Authorizer authorizer,
            RoleEscalation escalation) {
        return new Admission(List.of(
                new NamespaceLifecycle(cache, storage),
                new LimitRanger(cache),
                new ServiceAccountPlugin(storage, names),
                nodeRestriction,
                new PodSecurityPlugin(cache),
                new PodDefaultsPlugins.Priority(cache),
                new PodDefaultsPlugins.DefaultTolerationSeconds(),
                DefaultClass.ofStorage(cache),
                new StoragePlugins.StorageObjectInUseProtection(),
                new StoragePlugins.PersistentVolumeClaimResize(cache),
                new RuntimeClassPlugin(cache),
                new CertificatePlugins.Approval(authorizer),
                new CertificatePlugins.Signing(authorizer),
                new CertificatePlugins.SubjectRestriction(),
                DefaultClass.ofIngress(cache),
                new RoleEscalationPlugin(escalation),
                new ResourceQuotaPlugin(cache, storage)));
    }

    /** The plugin that endpoints ask of writes which never become an object. */
    public static NodeRestriction nodeRestriction(Storage storage) {
        return new NodeRestriction(storage);
    }
}
