// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.admission.Admission;
import io.mizzen.apiserver.admission.AdmissionRequest;
import io.mizzen.apiserver.admission.AdmissionRequest.Operation;
import io.mizzen.apiserver.admission.Rollback;
import io.mizzen.apiserver.registry.validation.ObjectValidation;
import io.mizzen.apiserver.registry.warning.ObjectWarnings;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Creates and changes objects of any kind in storage: the middle of a write's way, from a decoded object to the guarded
 * write. Objects come and go in the version of the request. Reads here are linearizable; lists and watches are the
 * cache's. Thread-safe.
 *
 * @see ObjectDeletion for deletions
 */
public final class ObjectStore {
    /**
     * How often a write that lost a race is tried again on the newer state. Its client has named no state, so it must
     * not hear of the race; each loss is another writer's gain, so the bound only ends what would never win.
     */
    static final int ATTEMPTS = 1000;

    private final Storage storage;
    private final Admission admission;
    private final Metadata metadata;

    /** Makes the new object out of the present one. */
    @FunctionalInterface
    public interface Change {
        /**
         * The wanted object in the request's version, decoded and with defaults; may be called several times.
         *
         * @param current the present object, a copy; null when there is none and the change may create it
         */
        ObjectNode apply(@Nullable ObjectNode current);
    }

    /**
     * The result of a change.
     *
     * @param object the object as it is now, in the request's version
     * @param created whether it is new
     */
    public record Changed(ObjectNode object, boolean created) {}

    public ObjectStore(Storage storage, Admission admission, Metadata metadata) {
        this.storage = storage;
        this.admission = admission;
        this.metadata = metadata;
    }

    /** The object, linearizable, in the request's version. */
    public ObjectNode get(ServedResource resource, String namespace, String name) {
        Entry entry = storage.get(resource.key(namespace, name));
        if (entry == null) {
            throw StatusException.notFound(resource.groupResource(), name);
        }
        return resource.converter().fromStored(ObjectCodec.fromStorage(entry.value(), entry.modRevision()));
    }

    /** Persists a new object; the result carries its resourceVersion. */
    public ObjectNode create(WriteContext context, ServedResource resource, String namespace, ObjectNode object) {
        Strategy strategy = resource.strategy();
        ObjectNode wanted = object;
        metadata.prepareForCreate(context, resource, namespace, wanted);
        wanted = resource.converter().toStored(wanted);
        strategy.applyDefaults(wanted);
        Rollback rollback = new Rollback();
        AdmissionRequest request = new AdmissionRequest(context, resource, Operation.CREATE, wanted, null, rollback);
        // What admission adds is nobody's: a later server-side apply without it leaves it alone.
        metadata.trackFields(context, resource, null, wanted);
        admission.mutate(request);
        strategy.prepareForCreate(context, wanted);
        refuse(resource, wanted, ObjectValidation.validateCreate(resource.stored(), wanted));
        refuse(resource, wanted, strategy.validateCreate(resource.stored(), wanted));
        context.warnings().addAll(ObjectWarnings.of(resource.stored(), wanted, null));
        String name = ObjectTree.name(wanted);
        String key = resource.key(namespace, name);
        WriteResult result;
        try {
            admission.validate(request);
            if (context.dryRun()) {
                strategy.allocate(context, wanted, null);
                if (storage.get(key) != null) {
                    throw StatusException.alreadyExists(resource.groupResource(), name);
                }
                return resource.converter().fromStored(wanted);
            }
            allocate(context, strategy, wanted, null, rollback);
            result = storage.create(key, ObjectCodec.toStorage(wanted), strategy.ttlSeconds());
        } catch (RuntimeException failed) {
            throw undone(failed, rollback);
        }
        return switch (result) {
            case WriteResult.Written written -> finish(resource, wanted, written.revision());
            case WriteResult.Conflict conflict -> {
                rollback.run();
                throw alreadyExists(resource, name, object, conflict);
            }
        };
    }

    private static void allocate(
            WriteContext context, Strategy strategy, ObjectNode wanted, @Nullable ObjectNode old, Rollback rollback) {
        strategy.allocate(context, wanted, old);
        rollback.add(() -> strategy.release(wanted, old));
    }

    /** Gives back what a failed write had claimed, unless it may have been done all the same. */
    private static RuntimeException undone(RuntimeException failed, Rollback rollback) {
        // What such a write claimed stays claimed: its object may exist. ClaimRepair frees what nobody came to hold.
        boolean mayExist = failed instanceof StorageUnavailableException unavailable && unavailable.outcomeUnknown();
        if (!mayExist) {
            rollback.run();
        }
        return failed;
    }

    private static StatusException alreadyExists(
            ServedResource resource, String name, ObjectNode object, WriteResult.Conflict conflict) {
        boolean generated =
                !object.path("metadata").path("generateName").asText("").isEmpty();
        StatusException exists = StatusException.alreadyExists(resource.groupResource(), name);
        boolean terminating = conflict.current() != null
                && ObjectTree.isTerminating(ObjectCodec.parse(conflict.current().value()));
        if (terminating) {
            return StatusException.of(
                    StatusReason.AlreadyExists, "object is being deleted: " + String.valueOf(exists.getMessage()));
        }
        return generated ? exists.withRetryAfter(1) : exists;
    }

    private static ObjectNode finish(ServedResource resource, ObjectNode object, long revision) {
        ObjectTree.metadata(object).put("resourceVersion", Long.toString(revision));
        return resource.converter().fromStored(object);
    }

    /**
     * Changes an object, trying again when another write came between and the client has not named the state it knows.
     * One that is not there is created when the kind allows it or the change is a server-side apply.
     *
     * @throws StatusException 404 when there is none and the kind is not created by update; 409 when the client's
     *     resourceVersion or uid is not the present one
     */
    public Changed update(WriteContext context, ServedResource resource, String namespace, String name, Change change) {
        String key = resource.key(namespace, name);
        Entry entry = storage.get(key);
        for (int attempt = 1; ; attempt++) {
            if (entry == null) {
                try {
                    return createByUpdate(context, resource, namespace, name, change);
                } catch (StatusException refused) {
                    if (refused.reason() != StatusReason.AlreadyExists || attempt >= ATTEMPTS) {
                        throw refused;
                    }
                    // Somebody else created it meanwhile: it is changed instead.
                    entry = storage.get(key);
                    continue;
                }
            }
            Rollback rollback = new Rollback();
            Step step;
            WriteResult result;
            try {
                step = prepare(context, resource, namespace, name, entry, change, rollback);
                if (step.done() != null) {
                    return new Changed(step.done(), false);
                }
                result = write(resource, key, entry, step);
            } catch (RuntimeException failed) {
                throw undone(failed, rollback);
            }
            switch (result) {
                case WriteResult.Written written -> {
                    ObjectNode kept = step.remove() ? null : step.wanted();
                    Rollback.attempt(() -> resource.strategy().release(step.old(), kept));
                    return new Changed(finish(resource, step.wanted(), written.revision()), false);
                }
                case WriteResult.Conflict conflict -> {
                    rollback.run();
                    if (step.guarded() || attempt >= ATTEMPTS) {
                        throw conflict.current() == null
                                ? StatusException.notFound(resource.groupResource(), name)
                                : StatusException.modified(resource.groupResource(), name);
                    }
                    entry = conflict.current();
                }
            }
        }
    }

    private WriteResult write(ServedResource resource, String key, Entry entry, Step step) {
        return step.remove()
                ? storage.delete(key, entry.modRevision())
                : storage.update(
                        key,
                        ObjectCodec.toStorage(step.wanted()),
                        entry.modRevision(),
                        resource.strategy().ttlSeconds());
    }

    /**
     * What is to be written.
     *
     * @param done set when nothing has to be written: the answer
     * @param guarded whether the client named the state it knows
     * @param remove whether the change was the last obstacle to a deletion
     */
    private record Step(
            ObjectNode wanted, ObjectNode old, @Nullable ObjectNode done, boolean guarded, boolean remove) {}

    private Step prepare(
            WriteContext context,
            ServedResource resource,
            String namespace,
            String name,
            Entry entry,
            Change change,
            Rollback rollback) {
        Strategy strategy = resource.strategy();
        ObjectNode old = ObjectCodec.fromStorage(entry.value(), entry.modRevision());
        ObjectNode current = resource.converter().fromStored(old.deepCopy());
        ObjectNode changed = change.apply(current.deepCopy());
        boolean guarded = metadata.checkPreconditions(context, resource, name, changed, current);
        ObjectNode wanted = resource.converter().toStored(changed);
        strategy.applyDefaults(wanted);
        metadata.prepareForUpdate(context, resource, namespace, wanted, old);
        AdmissionRequest request = new AdmissionRequest(context, resource, Operation.UPDATE, wanted, old, rollback);
        admission.mutate(request);
        if (context.subresource().isEmpty()) {
            strategy.prepareForUpdate(context, wanted, old);
        } else {
            strategy.prepareForSubresource(context, wanted, old);
        }
        metadata.countGeneration(resource, wanted, old);
        metadata.trackFields(context, resource, old, wanted);
        refuse(
                resource,
                wanted,
                ObjectValidation.validateUpdate(resource.stored(), wanted, old, context.subresource()));
        refuse(resource, wanted, strategy.validateUpdate(resource.stored(), wanted, old, context.subresource()));
        if (context.subresource().isEmpty()) {
            context.warnings().addAll(ObjectWarnings.of(resource.stored(), wanted, old));
        }
        admission.validate(request);
        boolean remove = Deletions.mayEnd(wanted);
        if (!remove && wanted.equals(old)) {
            return new Step(wanted, old, resource.converter().fromStored(old), guarded, false);
        }
        if (context.dryRun()) {
            strategy.allocate(context, wanted, old);
            return new Step(wanted, old, resource.converter().fromStored(wanted), guarded, remove);
        }
        allocate(context, strategy, wanted, old, rollback);
        return new Step(wanted, old, null, guarded, remove);
    }

    private Changed createByUpdate(
            WriteContext context, ServedResource resource, String namespace, String name, Change change) {
        boolean allowed = context.apply() || resource.strategy().allowsCreateOnUpdate();
        if (!allowed || !context.subresource().isEmpty()) {
            throw StatusException.notFound(resource.groupResource(), name);
        }
        ObjectNode wanted = change.apply(null);
        if (context.apply()) {
            return new Changed(create(context, resource, namespace, wanted), true);
        }
        if (!ObjectTree.resourceVersion(wanted).isEmpty()
                && !ObjectTree.resourceVersion(wanted).equals("0")) {
            throw StatusException.notFound(resource.groupResource(), name);
        }
        if (!ObjectTree.uid(wanted).isEmpty()) {
            throw StatusException.conflict(
                    resource.groupResource(),
                    name,
                    "Precondition failed: UID in precondition: " + ObjectTree.uid(wanted) + ", UID in object meta: ");
        }
        return new Changed(create(context, resource, namespace, wanted), true);
    }

    static void refuse(ServedResource resource, ObjectNode object, List<StatusCause> causes) {
        if (!causes.isEmpty()) {
            throw StatusException.invalid(resource.kind(), ObjectTree.name(object), causes);
        }
    }

    /** A fresh uid. */
    static String newUid() {
        return UUID.randomUUID().toString();
    }
}
