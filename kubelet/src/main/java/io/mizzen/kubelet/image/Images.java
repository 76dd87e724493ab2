// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.control.ObjectSource;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.AuthConfig;
import io.mizzen.kubelet.cri.v1.Image;
import io.mizzen.kubelet.cri.v1.ImageSpec;
import io.mizzen.kubelet.cri.v1.ImageStatusResponse;
import io.mizzen.kubelet.cri.v1.PodSandboxConfig;
import io.mizzen.kubelet.cri.v1.PullImageRequest;
import io.mizzen.kubelet.runtime.ExponentialBackOff;
import io.mizzen.kubelet.runtime.GoDuration;
import io.mizzen.kubelet.runtime.StartFailure;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings images to the node: obeys the pull policy, uses pull secrets, backs off after failures (10 s doubling to 300 s), pulls
 * one at a time.
 *
 * <p>Safe for use from many threads; a pull blocks its caller and ends when the caller is interrupted.
 */
public final class Images {
    private static final Logger LOG = LoggerFactory.getLogger(Images.class);

    private final CriClient cri;
    private final ObjectSource objects;
    private final EventSink events;
    private final InstantSource clock;
    private final Semaphore pulling = new Semaphore(1, true);
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ExponentialBackOff backOff = new ExponentialBackOff(Duration.ofSeconds(10), Duration.ofMinutes(5));

    @GuardedBy("lock")
    private final Map<String, LastFailure> failures = new HashMap<>();

    private record LastFailure(Instant at, String message) {}

    /** Pulls through the given runtime. */
    public Images(CriClient cri, ObjectSource objects, EventSink events, InstantSource clock) {
        this.cri = cri;
        this.objects = objects;
        this.events = events;
        this.clock = clock;
    }

    /**
     * Makes sure that a container's image is on the node.
     *
     * @return the image
     * @throws StartFailure with upstream's reason when it is not, and cannot be brought, now
     */
    public Image ensure(Pod pod, Container container, PodSandboxConfig sandbox) throws StartFailure {
        String wanted = container.getImage() == null ? "" : container.getImage();
        String path = EventSink.fieldPath(pod, container);
        ImageName name = ImageName.parse(wanted).orElse(null);
        if (name == null) {
            String text = "Failed to apply default image tag \"" + wanted + "\": couldn't parse image name \"" + wanted
                    + "\": invalid reference format";
            events.podEvent(pod, path, true, "InspectFailed", text);
            throw new StartFailure("InvalidImageName", text);
        }
        Image present = inspect(pod, path, name);
        String policy = policyOf(container, name);
        if (present != null && !policy.equals("Always")) {
            String text =
                    "Container image \"" + name.full() + "\" already present on machine and can be accessed by the pod";
            events.podEvent(pod, path, false, "Pulled", text);
            return present;
        }
        if (present == null && policy.equals("Never")) {
            String text = "Container image \"" + name.full() + "\" is not present with pull policy of Never";
            events.podEvent(pod, path, true, "ErrImageNeverPull", text);
            throw new StartFailure("ErrImageNeverPull", text);
        }
        String key = pod.getMetadata().getUid() + "_" + name.full();
        checkBackOff(pod, path, name, key);
        return pull(pod, path, name, key, sandbox);
    }

    /** Forgets the failures of a pod that is gone. */
    public void forget(String podUid) {
        lock.lock();
        try {
            backOff.resetAll(podUid + "_");
            failures.keySet().removeIf(k -> k.startsWith(podUid + "_"));
        } finally {
            lock.unlock();
        }
    }

    /** The effective pull policy: without one, Always for {@code :latest}, else IfNotPresent. */
    static String policyOf(Container container, ImageName name) {
        String policy = container.getImagePullPolicy();
        if (policy != null && !policy.isEmpty()) {
            return policy;
        }
        return name.full().endsWith(":latest") ? "Always" : "IfNotPresent";
    }

    private @Nullable Image inspect(Pod pod, String path, ImageName name) throws StartFailure {
        try {
            ImageStatusResponse status = cri.imageStatus(name.full());
            return status.hasImage() ? status.getImage() : null;
        } catch (CriException e) {
            String text = "Failed to inspect image \"" + name.full() + "\": " + e.getMessage();
            events.podEvent(pod, path, true, "InspectFailed", text);
            throw new StartFailure("ImageInspectError", text);
        }
    }

    private void checkBackOff(Pod pod, String path, ImageName name, String key) throws StartFailure {
        lock.lock();
        LastFailure last;
        boolean isHeld;
        try {
            last = failures.get(key);
            isHeld = last != null
                    && backOff.hold(key, last.at(), clock.instant()).isPresent();
        } finally {
            lock.unlock();
        }
        if (last != null && isHeld) {
            String text = "Back-off pulling image \"" + name.full() + "\"";
            events.podEvent(pod, path, false, "BackOff", text);
            throw new StartFailure("ImagePullBackOff", text + ": ErrImagePull: " + last.message());
        }
    }

    private Image pull(Pod pod, String path, ImageName name, String key, PodSandboxConfig sandbox) throws StartFailure {
        Instant asked = clock.instant();
        events.podEvent(pod, path, false, "Pulling", "Pulling image \"" + name.full() + "\"");
        try {
            pulling.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartFailure("ErrImagePull", "pull canceled");
        }
        Instant begun = clock.instant();
        try {
            pullWithAnyOf(credentials(pod, name), name, sandbox);
            Image image = inspect(pod, path, name);
            if (image == null) {
                throw new StartFailure("ErrImagePull", "image \"" + name.full() + "\" is gone right after its pull");
            }
            Instant done = clock.instant();
            forget(key, true);
            events.podEvent(
                    pod,
                    path,
                    false,
                    "Pulled",
                    "Successfully pulled image \"" + name.full() + "\" in "
                            + GoDuration.format(Duration.between(begun, done))
                            + " (" + GoDuration.format(Duration.between(asked, done))
                            + " including waiting). Image size: "
                            + image.getSize() + " bytes.");
            return image;
        } catch (CriException e) {
            String text = e.getMessage() == null ? "" : e.getMessage();
            LOG.warn(
                    "Image {} of pod {}/{} could not be pulled: {}",
                    name.full(),
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    text);
            events.podEvent(pod, path, true, "Failed", "Failed to pull image \"" + name.full() + "\": " + text);
            fail(key, text);
            throw new StartFailure("ErrImagePull", text);
        } finally {
            pulling.release();
        }
    }

    private void forget(String key, boolean isSuccess) {
        lock.lock();
        try {
            if (isSuccess) {
                backOff.reset(key);
            }
            failures.remove(key);
        } finally {
            lock.unlock();
        }
    }

    private void fail(String key, String message) {
        Instant now = clock.instant();
        lock.lock();
        try {
            backOff.next(key, now, now);
            failures.put(key, new LastFailure(now, message));
        } finally {
            lock.unlock();
        }
    }

    private void pullWithAnyOf(List<AuthConfig> credentials, ImageName name, PodSandboxConfig sandbox)
            throws CriException {
        PullImageRequest.Builder request = PullImageRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(name.full()))
                .setSandboxConfig(sandbox);
        if (credentials.isEmpty()) {
            cri.pullImage(request.build());
            return;
        }
        CriException last = null;
        for (AuthConfig auth : credentials) {
            try {
                cri.pullImage(request.setAuth(auth).build());
                return;
            } catch (CriException e) {
                last = e;
            }
        }
        if (last != null) {
            throw last;
        }
    }

    private List<AuthConfig> credentials(Pod pod, ImageName name) {
        List<Secret> secrets = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (LocalObjectReference reference : pod.getSpec().getImagePullSecrets()) {
            try {
                objects.secret(pod.getMetadata().getNamespace(), reference.getName())
                        .ifPresentOrElse(secrets::add, () -> missing.add(reference.getName()));
            } catch (IOException e) {
                missing.add(reference.getName());
            }
        }
        if (!missing.isEmpty()) {
            events.podEvent(
                    pod,
                    "",
                    true,
                    "FailedToRetrieveImagePullSecret",
                    "Unable to retrieve some image pull secrets (" + String.join(", ", missing)
                            + "); attempting to pull the image may not succeed.");
        }
        return RegistryCredentials.find(secrets, name);
    }
}
