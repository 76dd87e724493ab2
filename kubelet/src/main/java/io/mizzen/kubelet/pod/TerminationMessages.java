// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.mizzen.kubelet.log.ContainerLogReader;
import io.mizzen.kubelet.log.LogRequest;
import io.mizzen.kubelet.runtime.PodLabels;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what ended containers left to say; each is read once. Owned by one worker. */
final class TerminationMessages {
    private static final Logger LOG = LoggerFactory.getLogger(TerminationMessages.class);
    private static final int MAX_BYTES = 4096;
    private static final int MAX_LOG_BYTES = 2048;
    private static final long MAX_LOG_LINES = 80;

    private final Map<String, String> known = new HashMap<>();

    /** The messages of all ended containers, by id. */
    Map<String, String> of(RuntimePod pod) {
        Set<String> present = new HashSet<>();
        for (RuntimeContainer container : pod.containers()) {
            present.add(container.id());
            if (container.isExited()) {
                known.computeIfAbsent(container.id(), id -> read(container));
            }
        }
        known.keySet().retainAll(present);
        return known;
    }

    private static String read(RuntimeContainer container) {
        String path = container.annotations().get(PodLabels.TERMINATION_MESSAGE_HOST_PATH);
        String text = path == null ? "" : readFile(Path.of(path));
        boolean usesLog =
                "FallbackToLogsOnError".equals(container.annotations().get(PodLabels.TERMINATION_MESSAGE_POLICY));
        if (text.isEmpty() && usesLog && container.exitCode() != 0) {
            text = readLog(Path.of(container.logPath()));
        }
        return text.isEmpty() ? container.message() : text;
    }

    private static String readFile(Path file) {
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static String readLog(Path file) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LogRequest request =
                new LogRequest(false, false, OptionalLong.of(MAX_LOG_LINES), Optional.empty(), OptionalLong.empty());
        try {
            new ContainerLogReader(file, request, () -> false).copyTo(new ContainerLogReader.Sink() {
                @Override
                public void write(String stream, byte[] bytes, int length) {
                    out.write(bytes, 0, length);
                }

                @Override
                public void flush() {
                    // Everything stays in memory.
                }
            });
        } catch (IOException e) {
            LOG.debug("no log to take a termination message from: {}", file);
        }
        byte[] all = out.toByteArray();
        int from = Math.max(0, all.length - MAX_LOG_BYTES);
        return new String(all, from, all.length - from, StandardCharsets.UTF_8);
    }
}
