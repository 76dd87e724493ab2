// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;

/** Gives out shared informers, one a kind. {@link Informers} reads a server; tests have a source of their own. */
public interface InformerSource {

    /** The shared informer of all objects of a kind. */
    <T extends HasMetadata> Informer<T> of(Class<T> type);

    /** A shared informer of the metadata of a resource known only at run time. */
    Informer<GenericKubernetesResource> metadata(ResourceType type);

    /** Ends the metadata informer of a resource that is served no more. */
    void dropMetadata(ResourceType type);

    /** Starts the informers asked for so far, without waiting. */
    void start();
}
