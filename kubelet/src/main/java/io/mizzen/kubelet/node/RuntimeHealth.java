// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.RuntimeCondition;
import io.mizzen.kubelet.cri.v1.VersionResponse;
import io.mizzen.kubelet.runtime.GoDuration;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether the container runtime and its network are ready. Asked on the node's status thread, read by anyone.
 */
public final class RuntimeHealth {
    private static final Duration GRACE = Duration.ofSeconds(30);
    private static final Duration LISTING_GRACE = Duration.ofMinutes(3);

    private final CriClient cri;
    private final InstantSource clock;
    private volatile Instant lastAnswer;
    private volatile Optional<String> networkProblem = Optional.of("container runtime status has not been read yet");
    private volatile Optional<String> runtimeProblem =
            Optional.of("container runtime status check may not have completed yet");
    private volatile String version = "";

    /** Asks the given runtime. */
    public RuntimeHealth(CriClient cri, InstantSource clock) {
        this.cri = cri;
        this.clock = clock;
        this.lastAnswer = clock.instant();
    }

    /** Asks now. */
    public void refresh() {
        try {
            if (version.isEmpty()) {
                VersionResponse response = cri.version();
                String number = response.getRuntimeVersion();
                version = response.getRuntimeName() + "://" + (number.startsWith("v") ? number.substring(1) : number);
            }
            Optional<String> runtime = Optional.empty();
            Optional<String> network = Optional.empty();
            for (RuntimeCondition condition : cri.status().getConditionsList()) {
                if (condition.getStatus()) {
                    continue;
                }
                String text = condition.getType() + "=false reason:" + condition.getReason() + " message:"
                        + condition.getMessage();
                if (condition.getType().equals("NetworkReady")) {
                    network = Optional.of("container runtime network not ready: " + text);
                } else if (condition.getType().equals("RuntimeReady")) {
                    runtime = Optional.of("container runtime not ready: " + text);
                }
            }
            runtimeProblem = runtime;
            networkProblem = network;
            lastAnswer = clock.instant();
        } catch (CriException e) {
            if (Duration.between(lastAnswer, clock.instant()).compareTo(GRACE) > 0) {
                runtimeProblem = Optional.of("container runtime is down");
            }
        }
    }

    /** Why pods cannot get a network; empty when they can. */
    public Optional<String> networkProblem() {
        return networkProblem;
    }

    /** Name and version of the runtime; empty until it answered once. */
    public String version() {
        return version;
    }

    /** Why the node is not ready. */
    public List<String> problems(Instant lastListing) {
        List<String> out = new ArrayList<>();
        runtimeProblem.ifPresent(out::add);
        networkProblem.ifPresent(out::add);
        Duration age = Duration.between(lastListing, clock.instant());
        if (age.compareTo(LISTING_GRACE) > 0) {
            out.add("PLEG is not healthy: pleg was last seen active " + GoDuration.format(age)
                    + " ago; threshold is 3m0s");
        }
        return out;
    }
}
