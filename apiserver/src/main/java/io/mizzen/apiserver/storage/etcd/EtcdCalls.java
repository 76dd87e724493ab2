// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.FutureRevisionException;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.StorageReadOnlyException;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.ValueTooLargeException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waits for etcd's answers and turns its failures into ours; notes whether etcd answers at all. */
final class EtcdCalls {

    /** Whether a call's effect can be in doubt when its answer is lost. */
    enum Kind {
        READ,
        WRITE
    }

    /** What etcd says of a lease that ended; the write was not done. */
    static final String LEASE_NOT_FOUND = "requested lease not found";

    /** How gRPC says that the channel was ended: while the call was under way, or, with {@code invoked}, before it. */
    private static final String CHANNEL_ENDED = "Channel shutdown";

    private static final String CHANNEL_WAS_ENDED = CHANNEL_ENDED + " invoked";

    private final Duration timeout;
    private final String endpoints;
    private volatile long failingSinceNanos;
    private volatile boolean failing;
    private volatile long compacted;

    EtcdCalls(EtcdOptions options) {
        this.timeout = options.requestTimeout();
        this.endpoints = options.endpoints().toString();
    }

    /**
     * Makes a call and waits for its answer. One that met a connection which was just being replaced is made once more, on the
     * new one, if it was not sent or only reads.
     *
     * @param call makes the call, each time on the connection of that moment
     */
    <T> T await(Kind kind, Supplier<CompletableFuture<T>> call) {
        try {
            return once(kind, call);
        } catch (StorageUnavailableException failed) {
            if (!metReplacement(failed) || failed.outcomeUnknown()) {
                throw failed;
            }
            return once(kind, call);
        }
    }

    private static boolean metReplacement(StorageUnavailableException failed) {
        Throwable cause = failed.getCause();
        Status status = cause == null ? null : status(cause);
        return status != null && String.valueOf(status.getDescription()).startsWith(CHANNEL_ENDED);
    }

    private <T> T once(Kind kind, Supplier<CompletableFuture<T>> call) {
        try {
            T answer = call.get().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            failing = false;
            return answer;
        } catch (TimeoutException e) {
            noteFailure();
            throw new StorageUnavailableException(
                    "etcd at " + endpoints + " did not answer within " + timeout.toMillis() + " ms",
                    kind == Kind.WRITE,
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StorageUnavailableException("Interrupted while waiting for etcd", kind == Kind.WRITE, e);
        } catch (ExecutionException e) {
            throw failure(kind, e.getCause() == null ? e : e.getCause());
        } catch (StorageException e) {
            throw e;
        } catch (RuntimeException e) {
            throw failure(kind, e);
        }
    }

    /** Our failure for one of etcd's. */
    StorageException failure(Kind kind, Throwable cause) {
        Status status = status(cause);
        String text = status == null || status.getDescription() == null
                ? String.valueOf(cause.getMessage())
                : status.getDescription();
        if (text.contains("required revision has been compacted")) {
            return new CompactedException(compacted);
        }
        if (text.contains("required revision is a future revision")) {
            return new FutureRevisionException(0, 0);
        }
        if (text.contains("request is too large") || text.contains("received message larger than max")) {
            return new ValueTooLargeException("etcd refuses a request of this size: raise its --max-request-bytes");
        }
        if (text.contains("database space exceeded")) {
            return new StorageReadOnlyException(
                    "etcd at " + endpoints
                            + " is out of space and read-only: compact, defragment, then `etcdctl alarm disarm`",
                    cause);
        }
        if (!text.contains(LEASE_NOT_FOUND)) {
            noteFailure();
        }
        boolean neverSent = text.toLowerCase(Locale.ROOT).contains("too many requests")
                || text.contains(CHANNEL_WAS_ENDED)
                || isRefused(cause);
        return new StorageUnavailableException(
                "etcd at " + endpoints + " is not available: " + describe(status, text),
                kind == Kind.WRITE && !neverSent,
                cause);
    }

    private static String describe(@Nullable Status status, String text) {
        return status == null ? text : status.getCode() + " " + text;
    }

    private static boolean isRefused(Throwable cause) {
        for (Throwable e = cause; e != null; e = e.getCause()) {
            if (e instanceof java.net.ConnectException) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Status status(Throwable cause) {
        for (Throwable e = cause; e != null; e = e.getCause()) {
            if (e instanceof StatusRuntimeException runtime) {
                return runtime.getStatus();
            }
            if (e instanceof StatusException checked) {
                return checked.getStatus();
            }
        }
        return null;
    }

    void noteFailure() {
        if (!failing) {
            failingSinceNanos = System.nanoTime();
            failing = true;
        }
    }

    void noteSuccess() {
        failing = false;
    }

    /** Whether calls have failed for at least this long, with none succeeding since. */
    boolean isFailingFor(Duration time) {
        return failing && System.nanoTime() - failingSinceNanos >= time.toNanos();
    }

    void noteCompacted(long revision) {
        compacted = Math.max(compacted, revision);
    }

    /** The highest compaction this process knows of. */
    long compacted() {
        return compacted;
    }
}
