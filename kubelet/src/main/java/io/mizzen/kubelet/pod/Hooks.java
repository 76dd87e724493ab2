// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ExecAction;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.LifecycleHandler;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.ExecSyncResponse;
import io.mizzen.kubelet.probe.HttpGet;
import io.mizzen.kubelet.probe.Prober;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Runs lifecycle hooks. Stateless; blocks its caller. */
final class Hooks {
    private final CriClient cri;

    Hooks(CriClient cri) {
        this.cri = cri;
    }

    /**
     * Runs one hook to its end.
     *
     * @param limit of its time; what takes longer has failed
     * @throws IOException if the hook failed
     */
    void run(LifecycleHandler hook, Container container, String containerId, String podIp, Duration limit)
            throws IOException {
        if (hook.getExec() != null) {
            exec(hook.getExec(), containerId, limit);
        } else if (hook.getHttpGet() != null) {
            HTTPGetAction action = hook.getHttpGet();
            HttpGet.Response response = HttpGet.get(new HttpGet.Request(
                    action.getScheme() == null ? "HTTP" : action.getScheme(),
                    action.getHost() == null || action.getHost().isEmpty() ? podIp : action.getHost(),
                    Prober.port(action.getPort(), container),
                    action.getPath() == null ? "/" : action.getPath(),
                    action.getHttpHeaders(),
                    limit));
            if (response.status() >= 400) {
                throw new IOException("HTTP hook answered " + response.status());
            }
        } else if (hook.getSleep() != null) {
            Duration time = Duration.ofSeconds(hook.getSleep().getSeconds());
            Duration capped = time.compareTo(limit) < 0 ? time : limit;
            long end = System.nanoTime() + capped.toNanos();
            while (end - System.nanoTime() > 0 && !Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(end - System.nanoTime());
            }
        } else {
            throw new IOException("this kind of lifecycle hook is not supported");
        }
    }

    private void exec(ExecAction action, String containerId, Duration limit) throws IOException {
        try {
            ExecSyncResponse response = cri.execSync(containerId, action.getCommand(), limit);
            if (response.getExitCode() != 0) {
                throw new IOException("command '" + String.join(" ", action.getCommand()) + "' exited with "
                        + response.getExitCode() + ": "
                        + response.getStderr().toStringUtf8().strip());
            }
        } catch (CriException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
