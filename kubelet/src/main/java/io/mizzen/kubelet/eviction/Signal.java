// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import java.util.Optional;
import java.util.stream.Stream;

/** What can run short on a node, in the order in which it is acted upon (API page "Node-pressure Eviction"). */
public enum Signal {
    MEMORY_AVAILABLE("memory.available", "memory", "MemoryPressure"),
    NODEFS_AVAILABLE("nodefs.available", "ephemeral-storage", "DiskPressure"),
    NODEFS_INODES_FREE("nodefs.inodesFree", "inodes", "DiskPressure"),
    IMAGEFS_AVAILABLE("imagefs.available", "ephemeral-storage", "DiskPressure"),
    IMAGEFS_INODES_FREE("imagefs.inodesFree", "inodes", "DiskPressure"),
    PID_AVAILABLE("pid.available", "pids", "PIDPressure");

    private final String text;
    private final String resource;
    private final String condition;

    Signal(String text, String resource, String condition) {
        this.text = text;
        this.resource = resource;
        this.condition = condition;
    }

    /** Its name in flags. */
    public String text() {
        return text;
    }

    /** What has to be got back, as messages say it. */
    public String resource() {
        return resource;
    }

    /** The node condition that tells of it. */
    public String condition() {
        return condition;
    }

    /** Whether unused images can help. */
    public boolean isDisk() {
        return condition.equals("DiskPressure");
    }

    /** Whether it counts inodes. */
    public boolean isInodes() {
        return resource.equals("inodes");
    }

    static Optional<Signal> of(String text) {
        return Stream.of(values()).filter(s -> s.text.equals(text)).findFirst();
    }
}
