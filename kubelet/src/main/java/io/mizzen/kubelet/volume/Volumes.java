// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapVolumeSource;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.ProjectedVolumeSource;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretVolumeSource;
import io.fabric8.kubernetes.api.model.ServiceAccountTokenProjection;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import io.mizzen.kubelet.control.ObjectSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes of pods on disk.
 *
 * <p>Calls for one pod come from that pod's worker alone; different pods may be worked on at once. Everything can be repeated:
 * a volume that is set up is left as it is, a projected one is rewritten when what it shows has changed.
 */
public final class Volumes {
    private static final Logger LOG = LoggerFactory.getLogger(Volumes.class);
    private static final int DEFAULT_MODE = 0644;
    private static final int TOKEN_MODE = 0600;

    private final VolumeFolders folders;
    private final ObjectSource objects;
    private final TokenCache tokens;
    private final LocalPathVolumes localPaths;
    private final InstantSource clock;
    private final Map<String, Set<String>> prepared = new ConcurrentHashMap<>();

    /**
     * @param folders where volumes live
     * @param objects what they refer to
     * @param localPaths the volumes that this node makes itself
     * @param clock names the directories of projected volumes
     */
    public Volumes(VolumeFolders folders, ObjectSource objects, LocalPathVolumes localPaths, InstantSource clock) {
        this.folders = folders;
        this.objects = objects;
        this.localPaths = localPaths;
        this.clock = clock;
        this.tokens = new TokenCache(objects, clock);
    }

    /**
     * Sets up, or refreshes, every volume that a container of the pod mounts.
     *
     * @param pod the pod
     * @param fields what the downward API says of it
     * @param isAdopted whether it runs already, so that its claims were set up before, if by an earlier kubelet
     * @return the host path of each volume by name
     * @throws VolumeException for the first volume that cannot be set up now; the others are tried all the same, and what
     *     is wrong with them is suppressed in it
     */
    public Map<String, Path> setUp(Pod pod, DownwardFields fields, boolean isAdopted) throws VolumeException {
        Set<String> used = usedVolumes(pod);
        Map<String, Path> paths = new LinkedHashMap<>();
        VolumeException failure = null;
        for (Volume volume : pod.getSpec().getVolumes()) {
            if (!used.contains(volume.getName())) {
                continue;
            }
            if (isAdopted) {
                notePrepared(pod, volume.getName());
            }
            try {
                paths.put(volume.getName(), setUpOne(pod, volume, fields));
            } catch (VolumeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
        return paths;
    }

    private Path setUpOne(Pod pod, Volume volume, DownwardFields fields) throws VolumeException {
        try {
            return setUp(pod, volume, fields);
        } catch (IOException | Projection.Missing e) {
            String message = e.getMessage() == null ? e.toString() : e.getMessage();
            throw VolumeException.notSetUp(volume.getName(), message, e);
        }
    }

    /** Unmounts and removes all of a pod's volumes and its folder. May be repeated; what is not ours is never touched. */
    public void tearDown(String uid) throws IOException {
        Path pod = folders.pod(uid);
        if (!Files.exists(pod)) {
            prepared.remove(uid);
            return;
        }
        for (Path mount : Mounts.below(pod.toAbsolutePath())) {
            Mounts.detach(mount);
        }
        if (!Mounts.below(pod.toAbsolutePath()).isEmpty()) {
            // Removing files now would remove those of whatever is mounted.
            throw new IOException("volumes of pod " + uid + " are still mounted");
        }
        Trees.delete(pod);
        tokens.forget(uid);
        prepared.remove(uid);
    }

    /** Names of the volumes that containers of the pod mount. Pure. */
    static Set<String> usedVolumes(Pod pod) {
        Set<String> used = new HashSet<>();
        Stream.concat(pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                .forEach(c -> c.getVolumeMounts().forEach(m -> used.add(m.getName())));
        pod.getSpec().getEphemeralContainers().forEach(c -> c.getVolumeMounts().forEach(m -> used.add(m.getName())));
        return used;
    }

    private Path setUp(Pod pod, Volume volume, DownwardFields fields)
            throws VolumeException, IOException, Projection.Missing {
        if (volume.getEmptyDir() != null) {
            return emptyDir(pod, volume);
        }
        if (volume.getHostPath() != null) {
            return HostPath.checked(volume.getHostPath());
        }
        if (volume.getConfigMap() != null) {
            return project(pod, volume, "configmap", configMap(pod, volume.getConfigMap()));
        }
        if (volume.getSecret() != null) {
            return project(pod, volume, "secret", secret(pod, volume.getSecret()));
        }
        if (volume.getDownwardAPI() != null) {
            int mode = orDefault(volume.getDownwardAPI().getDefaultMode());
            return project(
                    pod,
                    volume,
                    "downward-api",
                    Projection.ofDownward(volume.getDownwardAPI().getItems(), mode, pod, fields));
        }
        if (volume.getProjected() != null) {
            return project(pod, volume, "projected", projected(pod, volume.getProjected(), fields));
        }
        if (volume.getPersistentVolumeClaim() != null) {
            return claim(
                    pod, volume.getName(), volume.getPersistentVolumeClaim().getClaimName());
        }
        if (volume.getEphemeral() != null) {
            return claim(pod, volume.getName(), pod.getMetadata().getName() + "-" + volume.getName());
        }
        throw VolumeException.notSetUp(volume.getName(), "no volume plugin matched", null);
    }

    private Path emptyDir(Pod pod, Volume volume) throws IOException {
        Path dir = folders.volume(pod.getMetadata().getUid(), "empty-dir", volume.getName());
        boolean isNew = !Files.exists(dir);
        Files.createDirectories(dir);
        String medium = volume.getEmptyDir().getMedium();
        if ("Memory".equals(medium) && !Mounts.isMountPoint(dir.toAbsolutePath())) {
            Quantity limit = volume.getEmptyDir().getSizeLimit();
            String size =
                    limit == null ? "" : ",size=" + limit.getNumericalAmount().toBigInteger();
            Mounts.tmpfs(dir.toAbsolutePath(), "mode=0777" + size);
            isNew = true;
        }
        if (isNew) {
            Trees.chmod(dir, 0777);
        }
        OptionalLong group = groupOf(pod);
        if (isNew && group.isPresent()) {
            Trees.giveToGroup(dir, (int) group.getAsLong());
        }
        return dir;
    }

    private Path project(Pod pod, Volume volume, String plugin, SortedMap<String, FileContent> files)
            throws IOException {
        Path dir = folders.volume(pod.getMetadata().getUid(), plugin, volume.getName());
        Files.createDirectories(dir);
        boolean isSecret = plugin.equals("secret") || plugin.equals("projected");
        if (isSecret && !Mounts.isMountPoint(dir.toAbsolutePath())) {
            // Secrets stay in memory and never reach a disk.
            Mounts.tmpfs(dir.toAbsolutePath(), "mode=0755");
        }
        OptionalLong group = groupOf(pod);
        boolean isChanged = AtomicWriter.write(dir, files, group, clock.instant());
        if (isChanged) {
            Trees.chmod(dir, 0755);
            LOG.debug(
                    "Volume {} of pod {} was rewritten",
                    volume.getName(),
                    pod.getMetadata().getName());
        }
        return dir;
    }

    private SortedMap<String, FileContent> configMap(Pod pod, ConfigMapVolumeSource source)
            throws IOException, Projection.Missing {
        boolean isOptional = Boolean.TRUE.equals(source.getOptional());
        ConfigMap map = configMap(pod, source.getName(), isOptional);
        return Projection.ofConfigMap(map, source.getItems(), orDefault(source.getDefaultMode()), isOptional);
    }

    private ConfigMap configMap(Pod pod, String name, boolean isOptional) throws IOException, Projection.Missing {
        Optional<ConfigMap> map = objects.configMap(pod.getMetadata().getNamespace(), name);
        if (map.isEmpty() && !isOptional) {
            throw new Projection.Missing("configmap \"" + name + "\" not found");
        }
        return map.orElseGet(ConfigMap::new);
    }

    private SortedMap<String, FileContent> secret(Pod pod, SecretVolumeSource source)
            throws IOException, Projection.Missing {
        boolean isOptional = Boolean.TRUE.equals(source.getOptional());
        Secret secret = secret(pod, source.getSecretName(), isOptional);
        return Projection.ofSecret(secret, source.getItems(), orDefault(source.getDefaultMode()), isOptional);
    }

    private Secret secret(Pod pod, String name, boolean isOptional) throws IOException, Projection.Missing {
        Optional<Secret> secret = objects.secret(pod.getMetadata().getNamespace(), name);
        if (secret.isEmpty() && !isOptional) {
            throw new Projection.Missing("secret \"" + name + "\" not found");
        }
        return secret.orElseGet(Secret::new);
    }

    private SortedMap<String, FileContent> projected(Pod pod, ProjectedVolumeSource source, DownwardFields fields)
            throws IOException, Projection.Missing {
        int mode = orDefault(source.getDefaultMode());
        SortedMap<String, FileContent> files = new TreeMap<>();
        for (VolumeProjection part : source.getSources()) {
            if (part.getConfigMap() != null) {
                boolean isOptional = Boolean.TRUE.equals(part.getConfigMap().getOptional());
                ConfigMap map = configMap(pod, part.getConfigMap().getName(), isOptional);
                files.putAll(Projection.ofConfigMap(map, part.getConfigMap().getItems(), mode, isOptional));
            } else if (part.getSecret() != null) {
                boolean isOptional = Boolean.TRUE.equals(part.getSecret().getOptional());
                Secret secret = secret(pod, part.getSecret().getName(), isOptional);
                files.putAll(Projection.ofSecret(secret, part.getSecret().getItems(), mode, isOptional));
            } else if (part.getDownwardAPI() != null) {
                files.putAll(Projection.ofDownward(part.getDownwardAPI().getItems(), mode, pod, fields));
            } else if (part.getServiceAccountToken() != null) {
                ServiceAccountTokenProjection token = part.getServiceAccountToken();
                String audience = token.getAudience() == null ? "" : token.getAudience();
                long seconds = token.getExpirationSeconds() == null ? 3600 : token.getExpirationSeconds();
                byte[] value = tokens.token(pod, audience, seconds).getBytes(StandardCharsets.UTF_8);
                files.put(Projection.checked(token.getPath()), tokenFile(pod, value, mode));
            } else {
                throw new Projection.Missing("this kind of projection is not supported on this node");
            }
        }
        return files;
    }

    /** A token is for the eyes of the pod's user only where that is known (KEP-1205); else for who may read the volume. */
    private static FileContent tokenFile(Pod pod, byte[] value, int mode) {
        OptionalLong user = PodUsers.ofAll(pod);
        boolean isNarrow = user.isPresent() || groupOf(pod).isPresent();
        return new FileContent(value, isNarrow ? TOKEN_MODE : mode, (int) user.orElse(0));
    }

    private Path claim(Pod pod, String volume, String claim) throws VolumeException, IOException, Projection.Missing {
        String namespace = pod.getMetadata().getNamespace();
        String problem = "error processing PVC " + namespace + "/" + claim + ": ";
        ObjectSource.BoundClaim bound = objects.claim(namespace, claim)
                .orElseThrow(() -> VolumeException.notProcessed(
                        volume,
                        problem + "failed to fetch PVC from API server: persistentvolumeclaims \"" + claim
                                + "\" not found"));
        boolean isStarting = !isPrepared(pod, volume);
        if (isStarting && bound.claim().getMetadata().getDeletionTimestamp() != null) {
            throw VolumeException.notProcessed(volume, problem + "PVC is being deleted");
        }
        PersistentVolume persistent =
                bound.volume().orElseThrow(() -> VolumeException.notProcessed(volume, problem + "PVC is not bound"));
        Path path = persistent(pod, volume, bound.claim(), persistent);
        if (isStarting) {
            notePrepared(pod, volume);
        }
        return path;
    }

    private Path persistent(Pod pod, String volume, PersistentVolumeClaim claim, PersistentVolume persistent)
            throws VolumeException, IOException, Projection.Missing {
        String name = persistent.getMetadata().getName();
        ObjectReference reference = persistent.getSpec().getClaimRef();
        if (reference == null || !claim.getMetadata().getUid().equals(reference.getUid())) {
            throw VolumeException.notProcessed(
                    volume,
                    "error processing PVC " + claim.getMetadata().getNamespace() + "/"
                            + claim.getMetadata().getName() + ": found PV object \"" + name
                            + "\" that is not bound to it");
        }
        PersistentVolumeSpec spec = persistent.getSpec();
        if ("Block".equals(spec.getVolumeMode())) {
            throw VolumeException.notProcessed(
                    volume, "volume " + volume + " has volumeMode Block, but is specified in volumeMounts");
        }
        if (spec.getHostPath() != null) {
            return HostPath.checked(spec.getHostPath());
        }
        if (spec.getLocal() == null) {
            throw VolumeException.notUsable(
                    volume, name, "this kind of persistent volume is not supported on this node");
        }
        if (localPaths.isKept(persistent)) {
            localPaths.prepare(persistent);
        }
        Path path = Path.of(spec.getLocal().getPath());
        if (!Files.exists(path)) {
            throw VolumeException.notUsable(volume, name, "path \"" + path + "\" does not exist");
        }
        OptionalLong group = groupOf(pod);
        boolean isChanged = group.isPresent() && Files.isDirectory(path) && !isPrepared(pod, volume);
        if (isChanged && !isReadOnly(pod, volume)) {
            int gid = (int) group.getAsLong();
            String policy = pod.getSpec().getSecurityContext().getFsGroupChangePolicy();
            if (!"OnRootMismatch".equals(policy) || !Trees.isOfGroup(path, gid)) {
                Trees.giveToGroup(path, gid);
            }
        }
        return path;
    }

    /** Whether a claim was set up for this pod by this kubelet: who owns its files is then left as it is. */
    private boolean isPrepared(Pod pod, String volume) {
        return prepared.getOrDefault(pod.getMetadata().getUid(), Set.of()).contains(volume);
    }

    private void notePrepared(Pod pod, String volume) {
        prepared.computeIfAbsent(pod.getMetadata().getUid(), uid -> ConcurrentHashMap.newKeySet())
                .add(volume);
    }

    /**
     * Whether all mounts of a volume are read-only, whatever they say: those that the kubelet writes itself, and claims used so.
     * Pure.
     */
    public static boolean isReadOnly(Pod pod, String volume) {
        return pod.getSpec().getVolumes().stream()
                .filter(candidate -> candidate.getName().equals(volume))
                .anyMatch(found -> found.getConfigMap() != null
                        || found.getSecret() != null
                        || found.getDownwardAPI() != null
                        || found.getProjected() != null
                        || found.getPersistentVolumeClaim() != null
                                && Boolean.TRUE.equals(
                                        found.getPersistentVolumeClaim().getReadOnly()));
    }

    private static OptionalLong groupOf(Pod pod) {
        PodSecurityContext context = pod.getSpec().getSecurityContext();
        return context == null || context.getFsGroup() == null
                ? OptionalLong.empty()
                : OptionalLong.of(context.getFsGroup());
    }

    private static int orDefault(@Nullable Integer mode) {
        return mode == null ? DEFAULT_MODE : mode;
    }
}
