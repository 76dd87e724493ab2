// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.net.Endpoint;
import io.mizzen.kubectl.net.Http;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The way to the API server with the user's identity of now: tokens of pods and of credential programs expire while a proxy runs, so
 * they are read anew when a request comes and the last reading is older than a minute. Thread-safe.
 */
final class ApiSource {
    private static final long FRESH_NANOS = Duration.ofMinutes(1).toNanos();

    private final Supplier<Endpoint> settings;
    private final LongSupplier nanos;
    private Http api;
    private long read;

    /**
     * Reads the settings for the first time.
     *
     * @param settings reads them; a {@link CommandFailure} leaves what was read before
     * @param nanos a clock that only goes forward
     */
    ApiSource(Supplier<Endpoint> settings, LongSupplier nanos) {
        this.settings = settings;
        this.nanos = nanos;
        api = new Http(settings.get());
        read = nanos.getAsLong();
    }

    /** The same object as long as the settings stay the same. Its connections are not to be used: take {@link Http#another}. */
    synchronized Http current() {
        if (nanos.getAsLong() - read > FRESH_NANOS) {
            read = nanos.getAsLong();
            try {
                Endpoint now = settings.get();
                if (!now.equals(api.endpoint())) {
                    api = new Http(now);
                }
            } catch (CommandFailure e) {
                // A file that is just being replaced: the identity of before may still do.
                return api;
            }
        }
        return api;
    }
}
