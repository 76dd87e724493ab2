// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.RecordingListener;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.StorageEvent;
import io.mizzen.apiserver.storage.Subscription;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills writers with -9 at random instants, round after round on the same folder, and reads back every acknowledged write.
 * Run more rounds with {@code -Dcrash.rounds=500}, another history with {@code -Dcrash.seed=…}.
 */
class EmbeddedCrashIT {
    private static final int ROUNDS = Integer.getInteger("crash.rounds", 50);
    private static final long SEED = Long.getLong("crash.seed", System.nanoTime());

    @TempDir
    Path folder;

    private record Ack(long revision, String key, String hash) {}

    /** What a round left: the newest acknowledged write of each key. */
    private final Map<String, Ack> newest = new HashMap<>();

    private final Set<Long> usedRevisions = new HashSet<>();
    private long acknowledged;

    @Test
    void losesNoAcknowledgedWriteWhenKilledAtAnyInstant() throws Exception {
        Random random = new Random(SEED);
        int unfinished = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String replay = "round " + round + " of -Dcrash.seed=" + SEED;
            List<Ack> acks = runAndKill(random, round % 4 == 3);
            acknowledged += acks.size();
            unfinished += check(acks, replay);
        }
        assertThat(acknowledged).as("writes acknowledged in all").isGreaterThan(ROUNDS * 10L);
        System.getLogger(EmbeddedCrashIT.class.getName())
                .log(
                        System.Logger.Level.INFO,
                        "{0} rounds, {1} acknowledged writes read back, {2} unacknowledged ones survived",
                        ROUNDS,
                        acknowledged,
                        unfinished);
    }

    /** Half of the early kills come while the store is being opened and recovers from the kill before. */
    private List<Ack> runAndKill(Random random, boolean early) throws Exception {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx96m",
                        "-Xshare:auto",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CrashingWriter.class.getName(),
                        folder.resolve("store").toString(),
                        String.valueOf(random.nextLong()),
                        EmbeddedStorageTest.NATIVE.toAbsolutePath().toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (early) {
            process.waitFor(150 + random.nextInt(500), TimeUnit.MILLISECONDS);
        } else {
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> Files.readString(output).contains("ready") || !process.isAlive());
            process.waitFor(20 + random.nextInt(400), TimeUnit.MILLISECONDS);
        }
        assertThat(process.isAlive())
                .as("writes until killed: %s", Files.readString(output))
                .isTrue();
        process.destroyForcibly();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return acks(output);
    }

    private static List<Ack> acks(Path output) throws IOException {
        String text = Files.readString(output);
        List<Ack> acks = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new java.io.StringReader(text))) {
            String line;
            while ((line = lines.readLine()) != null) {
                String[] words = line.split(" ");
                boolean torn = !text.endsWith("\n") && text.endsWith(line);
                if (words.length == 4 && words[0].equals("ack") && !torn) {
                    acks.add(new Ack(Long.parseLong(words[1]), words[2], words[3]));
                }
            }
        }
        return acks;
    }

    private int check(List<Ack> acks, String replay) {
        long newestAck = 0;
        Map<Long, Ack> byRevision = new TreeMap<>();
        for (Ack ack : acks) {
            assertThat(usedRevisions.add(ack.revision()))
                    .as("%s: revision %d is new", replay, ack.revision())
                    .isTrue();
            newest.merge(ack.key(), ack, (a, b) -> a.revision() > b.revision() ? a : b);
            byRevision.put(ack.revision(), ack);
            newestAck = Math.max(newestAck, ack.revision());
        }
        try (EmbeddedStorage storage = EmbeddedStorage.open(EmbeddedOptions.in(folder.resolve("store"))
                .withNativeFolder(EmbeddedStorageTest.NATIVE)
                .withReserveBytes(0))) {
            assertThat(storage.currentRevision()).as(replay).isGreaterThanOrEqualTo(newestAck);
            for (long revision = newestAck + 1; revision <= storage.currentRevision(); revision++) {
                usedRevisions.add(revision);
            }
            Map<String, Entry> stored = new HashMap<>();
            storage.list(CrashingWriter.PREFIX, null, 0, 0).entries().forEach(entry -> stored.put(entry.key(), entry));
            int unfinished = checkNewest(stored, replay);
            checkHistory(storage, byRevision, replay);
            return unfinished;
        }
    }

    /** Every key holds its newest acknowledged write, or one later write that was under way when the process died. */
    private int checkNewest(Map<String, Entry> stored, String replay) {
        int later = 0;
        Map<String, Integer> laterOfWriter = new HashMap<>();
        for (Ack ack : List.copyOf(newest.values())) {
            Entry entry = stored.get(ack.key());
            boolean same = entry == null
                    ? ack.hash().equals("-")
                    : entry.modRevision() == ack.revision()
                            && hash(entry.value()).equals(ack.hash());
            if (!same) {
                assertThat(entry == null || entry.modRevision() > ack.revision())
                        .as("%s: %s was acknowledged at %d but is %s", replay, ack.key(), ack.revision(), entry)
                        .isTrue();
                laterOfWriter.merge(ack.key().substring(0, ack.key().lastIndexOf('/')), 1, Integer::sum);
                later++;
            }
        }
        for (Entry entry : stored.values()) {
            newest.put(entry.key(), new Ack(entry.modRevision(), entry.key(), hash(entry.value())));
        }
        newest.values().removeIf(ack -> !stored.containsKey(ack.key()));
        assertThat(laterOfWriter.values()).as(replay).allMatch(count -> count == 1);
        return later;
    }

    /** The history from the compaction on holds every acknowledged change, and every old state can be listed. */
    private static void checkHistory(EmbeddedStorage storage, Map<Long, Ack> byRevision, String replay) {
        long from = Math.max(1, storage.compactedRevision());
        RecordingListener listener = new RecordingListener();
        Map<Long, StorageEvent> events = new HashMap<>();
        try (Subscription watch = storage.watch(CrashingWriter.PREFIX, from, listener)) {
            long target = storage.currentRevision();
            await().atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> target == from
                            || !listener.events.isEmpty()
                                    && listener.events.getLast().revision() == target);
        }
        listener.events.forEach(event -> events.put(event.revision(), event));
        byRevision.forEach((revision, ack) -> {
            if (revision > from) {
                StorageEvent event = events.get(revision);
                assertThat(event).as("%s: change %s", replay, ack).isNotNull();
                assertThat(event.key()).isEqualTo(ack.key());
                assertThat(event.value() == null ? "-" : hash(event.value()))
                        .as(replay)
                        .isEqualTo(ack.hash());
            }
        });
        for (long revision : List.of(from, (from + storage.currentRevision()) / 2)) {
            assertThat(storage.list(CrashingWriter.PREFIX, null, 0, revision).entries())
                    .as(replay)
                    .allMatch(entry -> entry.modRevision() <= revision);
        }
    }

    private static String hash(byte[] value) {
        return String.valueOf(Arrays.hashCode(value));
    }
}
