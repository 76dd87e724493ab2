// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.Storage.WriteResult.Written;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs in a process of its own that the test kills: several writers, each on keys of its own, that print a line after every
 * write that was acknowledged. Writes of one writer follow each other, so at most one of each is in doubt at the end.
 */
final class CrashingWriter {
    static final String PREFIX = "/registry/crash/";
    static final int WRITERS = 8;
    static final int KEYS = 5;

    private CrashingWriter() {}

    public static void main(String[] args) throws InterruptedException {
        Path folder = Path.of(args[0]);
        long seed = Long.parseLong(args[1]);
        EmbeddedStorage storage = EmbeddedStorage.open(
                EmbeddedOptions.in(folder).withNativeFolder(Path.of(args[2])).withReserveBytes(0));
        PrintStream out = System.out;
        out.println("ready " + storage.currentRevision());
        Thread[] writers = new Thread[WRITERS];
        for (int i = 0; i < WRITERS; i++) {
            int writer = i;
            writers[i] = Thread.ofVirtual().start(() -> write(storage, writer, new Random(seed * 31 + writer), out));
        }
        Random random = new Random(seed);
        while (true) {
            LockSupport.parkNanos(30_000_000);
            storage.compact(Math.max(1, storage.currentRevision() - 200 - random.nextInt(500)));
        }
    }

    private static void write(EmbeddedStorage storage, int writer, Random random, PrintStream out) {
        while (true) {
            String key = key(writer, random.nextInt(KEYS));
            var current = storage.get(key);
            byte[] value = value(key, random.nextLong(), random.nextInt(3000));
            boolean delete = current != null && random.nextInt(4) == 0;
            WriteResult result = current == null
                    ? storage.create(key, value, random.nextInt(5) == 0 ? 3600 : 0)
                    : delete
                            ? storage.delete(key, current.modRevision())
                            : storage.update(key, value, current.modRevision(), 0);
            long revision = ((Written) result).revision();
            String line = "ack " + revision + " " + key + " " + (delete ? "-" : String.valueOf(Arrays.hashCode(value)))
                    + "\n";
            byte[] bytes = line.getBytes(UTF_8);
            // One write call: a killed process leaves whole lines or a last torn one.
            out.write(bytes, 0, bytes.length);
            out.flush();
        }
    }

    static String key(int writer, int number) {
        return PREFIX + writer + "/" + number;
    }

    private static byte[] value(String key, long salt, int length) {
        byte[] value = new byte[length];
        new Random(salt).nextBytes(value);
        byte[] name = key.getBytes(UTF_8);
        System.arraycopy(name, 0, value, 0, Math.min(name.length, length));
        return value;
    }
}
