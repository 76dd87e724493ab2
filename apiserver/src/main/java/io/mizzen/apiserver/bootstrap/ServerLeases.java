// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.bootstrap;

import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.registry.ClaimRepair;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.StorageException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which API servers live: each keeps a key {@code /registry/masterleases/address:port} that ends 15 s after its last renewal,
 * and each writes the addresses of all that are there to the Service {@code kubernetes}. One that is killed leaves the Service
 * when its key ends; one that is stopped takes itself out.
 *
 * <p>Thread {@code server-leases}; {@link #close} ends it.
 */
public final class ServerLeases implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerLeases.class);
    private static final String PREFIX = "/registry/masterleases/";
    private static final long LIFE_SECONDS = 15;
    private static final long PERIOD_SECONDS = 5;
    private static final int REPAIR_TURNS = 36;

    /** Where an API server listens. */
    record Address(String ip, int port) {}

    private final Storage storage;
    private final Bootstrap bootstrap;
    private final ClaimRepair repair;
    private final String key;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    private ServerLeases(Storage storage, Bootstrap bootstrap, ClaimRepair repair, Address own) {
        this.storage = storage;
        this.bootstrap = bootstrap;
        this.repair = repair;
        this.key = PREFIX + own.ip() + ":" + own.port();
        this.thread = Thread.ofVirtual().name("server-leases").unstarted(this::run);
    }

    /**
     * Takes part with this server; returns when the Service leads to it.
     *
     * @param bootstrap writes the endpoints, and every five seconds what the cluster cannot do without
     * @param repair is run every three minutes
     * @param ip the address that is told to others
     * @param port the port
     */
    public static ServerLeases start(Storage storage, Bootstrap bootstrap, ClaimRepair repair, String ip, int port) {
        ServerLeases leases = new ServerLeases(storage, bootstrap, repair, new Address(ip, port));
        leases.renew();
        leases.publish();
        leases.thread.start();
        return leases;
    }

    private void run() {
        try {
            for (int turn = 1; !stop.await(PERIOD_SECONDS, TimeUnit.SECONDS); turn++) {
                try {
                    renew();
                    bootstrap.keep();
                    publish();
                    if (turn % REPAIR_TURNS == 0) {
                        LOG.debug("{} claims of Services freed", repair.look());
                    }
                } catch (StorageException | StatusException put) {
                    LOG.warn("The upkeep of this API server is put off: {}", put.getMessage());
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void renew() {
        Entry present = storage.get(key);
        byte[] value = key.substring(PREFIX.length()).getBytes(StandardCharsets.UTF_8);
        WriteResult result = present == null
                ? storage.create(key, value, LIFE_SECONDS)
                : storage.update(key, value, present.modRevision(), LIFE_SECONDS);
        if (result instanceof WriteResult.Conflict) {
            LOG.debug("{} ended or changed meanwhile; written at the next turn", key);
        }
    }

    private void publish() {
        bootstrap.endpoints(alive());
    }

    private List<Address> alive() {
        List<Address> addresses = new ArrayList<>();
        for (Entry entry : storage.list(PREFIX, null, 0, 0).entries()) {
            String text = entry.key().substring(PREFIX.length());
            int colon = text.lastIndexOf(':');
            addresses.add(new Address(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1))));
        }
        addresses.sort(Comparator.comparingInt(Address::port).thenComparing(Address::ip));
        return addresses;
    }

    /** Leaves the Service to the other servers, if there are any. */
    @Override
    public void close() throws InterruptedException {
        stop.countDown();
        thread.interrupt();
        if (!thread.join(Duration.ofSeconds(5))) {
            LOG.warn("{} is still busy", thread.getName());
        }
        Entry own = storage.get(key);
        boolean isGone = own == null || storage.delete(key, own.modRevision()) instanceof WriteResult.Written;
        if (isGone && !alive().isEmpty()) {
            publish();
        }
    }
}
