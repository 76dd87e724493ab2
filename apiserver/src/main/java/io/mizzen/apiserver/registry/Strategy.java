// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.status.StatusCause;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a kind does beyond its schema. All trees are in the stored version; methods may change the object they prepare.
 * Implementations keep no state of their own.
 */
public interface Strategy {

    /** Fills fields that depend on others and are absent (after the schema's own defaults). */
    default void applyDefaults(ObjectNode object) {}

    /** Sets what the server decides at creation; status and metadata have been reset already. */
    default void prepareForCreate(WriteContext context, ObjectNode object) {}

    /** Sets what the server decides at a change of the main resource. */
    default void prepareForUpdate(WriteContext context, ObjectNode object, ObjectNode old) {}

    /** Sets what the server decides at a change through a subresource, and takes back what may not change that way. */
    default void prepareForSubresource(WriteContext context, ObjectNode object, ObjectNode old) {}

    /** Reasons to refuse a new object. */
    default List<StatusCause> validateCreate(ResourceDefinition definition, ObjectNode object) {
        return List.of();
    }

    /** Reasons to refuse a change; {@code subresource} is empty for the main resource. */
    default List<StatusCause> validateUpdate(
            ResourceDefinition definition, ObjectNode object, ObjectNode old, String subresource) {
        return List.of();
    }

    /** Whether PUT may create. */
    default boolean allowsCreateOnUpdate() {
        return false;
    }

    /** Whether an update may leave {@code resourceVersion} out. */
    default boolean allowsUnconditionalUpdate() {
        return true;
    }

    /** Whether {@code metadata.generation} counts changes outside metadata and status. */
    default boolean countsGenerations() {
        return false;
    }

    /**
     * Seconds between the request to delete and the end of the object.
     *
     * @param requested what the client asked for, or null
     * @return null when the kind is deleted at once
     */
    default @Nullable Long gracePeriodSeconds(ObjectNode object, @Nullable Long requested) {
        return null;
    }

    /** Whether deletion with neither policy nor {@code orphanDependents} orphans what the object owns. */
    default boolean orphansByDefault() {
        return false;
    }

    /** Whether a deletion answers the object instead of a Status. */
    default boolean returnsDeletedObject() {
        return false;
    }

    /**
     * Claims what must be unique in the cluster; called before the write, undone by {@link #release}. A dry run is answered, and refused,
     * alike, but nothing may stay claimed: it is not undone.
     */
    default void allocate(WriteContext context, ObjectNode object, @Nullable ObjectNode old) {}

    /** Gives back what {@code object} holds and {@code kept} does not (null when the object is gone). */
    default void release(ObjectNode object, @Nullable ObjectNode kept) {}

    /** Seconds that an object lives by itself; 0 for ever. */
    default long ttlSeconds() {
        return 0;
    }
}
