// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.ObjectKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Volumes made on demand. Those of {@code mizzen.io/local-path} are a folder of the node that the scheduler selected: the volume
 * is made here, the folder by that node's kubelet, which also removes it and then takes its finalizer off. Other provisioners
 * are waited for. Pure.
 */
final class ProvisionPlan {
    /** The provisioner that is built in. */
    static final String LOCAL_PATH = "mizzen.io/local-path";

    /** On a node: the folder below which it keeps such volumes. */
    static final String LOCAL_PATH_ROOT = "mizzen.io/local-path-root";

    /** On such a volume: the node that has its data. */
    static final String LOCAL_PATH_NODE = "mizzen.io/local-path-node";

    /** Holds such a volume until its node has removed the data. */
    static final String LOCAL_PATH_FINALIZER = "mizzen.io/local-path";

    private static final String HOSTNAME = "kubernetes.io/hostname";
    private static final int MAX_FILE_NAME = 255;

    private ProvisionPlan() {}

    /** The next step towards a volume for a claim that none is there for. */
    static Decision provision(PersistentVolumeClaim claim, VolumeView view) {
        String className = VolumeRules.className(claim);
        Optional<StorageClass> found = view.storageClass(className);
        if (found.isEmpty()) {
            return failed(claim, "storageclass.storage.k8s.io \"" + className + "\" not found");
        }
        String provisioner = VolumeRules.orEmpty(found.get().getProvisioner());
        if (provisioner.equals("kubernetes.io/no-provisioner")) {
            return failed(claim, "no volume plugin matched name: " + provisioner);
        }
        if (!VolumeRules.annotation(claim, VolumeRules.PROVISIONER).equals(provisioner)) {
            Map<String, String> annotations = VolumeRules.annotated(claim, VolumeRules.PROVISIONER, provisioner);
            annotations.put(VolumeRules.BETA_PROVISIONER, provisioner);
            return Decision.of(new Decision.ChangeClaim(annotated(claim, annotations)));
        }
        if (!provisioner.equals(LOCAL_PATH)) {
            return Decision.none()
                    .telling(
                            claim,
                            false,
                            "ExternalProvisioning",
                            "Waiting for a volume to be created either by the external provisioner '" + provisioner
                                    + "' or manually by the system administrator. If volume creation is delayed, please"
                                    + " verify that the provisioner is running and correctly registered.");
        }
        return localPath(claim, found.get(), view);
    }

    private static Decision localPath(PersistentVolumeClaim claim, StorageClass storageClass, VolumeView view) {
        String failure = "Failed to provision volume with StorageClass \""
                + storageClass.getMetadata().getName() + "\": ";
        Optional<String> refusal = refusal(claim);
        if (refusal.isPresent()) {
            return failed(claim, failure + refusal.get());
        }
        String nodeName = VolumeRules.annotation(claim, VolumeRules.SELECTED_NODE);
        Optional<Node> node = view.node(nodeName);
        if (node.isEmpty()) {
            // The scheduler chooses again once the annotation is gone.
            Map<String, String> annotations = new HashMap<>(claim.getMetadata().getAnnotations());
            annotations.remove(VolumeRules.SELECTED_NODE);
            return Decision.of(new Decision.ChangeClaim(annotated(claim, annotations)))
                    .telling(
                            claim,
                            true,
                            "ProvisioningFailed",
                            failure + "failed to get target node: node \"" + nodeName + "\" not found");
        }
        String root = VolumeRules.annotation(node.get(), LOCAL_PATH_ROOT);
        if (root.isEmpty()) {
            return failed(claim, failure + "node \"" + nodeName + "\" keeps no local-path volumes");
        }
        PersistentVolume volume = volume(claim, storageClass, node.get(), root);
        return Decision.of(new Decision.MakeVolume(volume))
                .telling(
                        claim,
                        false,
                        "ProvisioningSucceeded",
                        "Successfully provisioned volume "
                                + volume.getMetadata().getName() + " using " + LOCAL_PATH);
    }

    private static Optional<String> refusal(PersistentVolumeClaim claim) {
        if ("Block".equals(claim.getSpec().getVolumeMode())) {
            return Optional.of("volumeMode Block is not supported");
        }
        if (!List.of("ReadWriteOnce", "ReadWriteOncePod")
                .containsAll(claim.getSpec().getAccessModes())) {
            return Optional.of("only the access modes ReadWriteOnce and ReadWriteOncePod are supported");
        }
        if (claim.getSpec().getSelector() != null) {
            return Optional.of("claim.Spec.Selector is not supported for dynamic provisioning");
        }
        if (VolumeRules.annotation(claim, VolumeRules.SELECTED_NODE).isEmpty()) {
            return Optional.of("no node is selected; the class needs volumeBindingMode WaitForFirstConsumer");
        }
        return Optional.empty();
    }

    private static PersistentVolume volume(
            PersistentVolumeClaim claim, StorageClass storageClass, Node node, String root) {
        String name = "pvc-" + claim.getMetadata().getUid();
        ObjectKey key = ObjectKey.of(claim);
        String folder = name + "_" + key.namespace() + "_" + key.name();
        Map<String, String> labels = node.getMetadata().getLabels();
        String host = labels == null ? null : labels.get(HOSTNAME);
        String policy = VolumeRules.orEmpty(storageClass.getReclaimPolicy());
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToAnnotations(VolumeRules.PROVISIONED_BY, LOCAL_PATH)
                .addToAnnotations(LOCAL_PATH_NODE, node.getMetadata().getName())
                .withFinalizers(LOCAL_PATH_FINALIZER)
                .endMetadata()
                .withNewSpec()
                .withAccessModes(claim.getSpec().getAccessModes())
                .withCapacity(Map.of(
                        "storage", claim.getSpec().getResources().getRequests().get("storage")))
                .withPersistentVolumeReclaimPolicy(policy.isEmpty() ? "Delete" : policy)
                .withStorageClassName(storageClass.getMetadata().getName())
                .withVolumeMode("Filesystem")
                .withMountOptions(storageClass.getMountOptions())
                .withClaimRef(BinderCore.reference(claim))
                .withNewLocal()
                .withPath(root + "/" + folder.substring(0, Math.min(folder.length(), MAX_FILE_NAME)))
                .endLocal()
                .withNewNodeAffinity()
                .withNewRequired()
                .addNewNodeSelectorTerm()
                .addToMatchExpressions(new NodeSelectorRequirement(
                        HOSTNAME,
                        "In",
                        List.of(host == null ? node.getMetadata().getName() : host)))
                .endNodeSelectorTerm()
                .endRequired()
                .endNodeAffinity()
                .endSpec()
                .build();
    }

    private static PersistentVolumeClaim annotated(PersistentVolumeClaim claim, Map<String, String> annotations) {
        return new PersistentVolumeClaimBuilder(claim)
                .editMetadata()
                .withAnnotations(annotations)
                .endMetadata()
                .build();
    }

    private static Decision failed(PersistentVolumeClaim claim, String message) {
        return Decision.none().telling(claim, true, "ProvisioningFailed", message);
    }
}
