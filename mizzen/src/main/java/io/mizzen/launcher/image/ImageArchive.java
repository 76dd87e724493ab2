// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Packs one layer into an OCI image archive (image-spec 1.1) that containerd imports under a given name. Pure.
 *
 * @param name full name of the image, registry host included
 * @param architecture in Go's words: {@code amd64}, {@code arm64}
 * @param command what runs when the pod names none
 * @param layer a tar archive
 */
record ImageArchive(String name, String architecture, List<String> command, byte[] layer) {

    byte[] bytes() {
        String layerDigest = sha256(layer);
        byte[] config = """
                {"created":"1970-01-01T00:00:00Z","architecture":"%s","os":"linux",\
                "config":{"Env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":[%s]},\
                "rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}""".formatted(
                        architecture,
                        command.stream().map(part -> '"' + part + '"').collect(Collectors.joining(",")),
                        layerDigest)
                .getBytes(StandardCharsets.UTF_8);
        byte[] manifest = """
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",\
                "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},\
                "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}]}""".formatted(sha256(config), config.length, layerDigest, layer.length)
                .getBytes(StandardCharsets.UTF_8);
        byte[] index = """
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[\
                {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,\
                "annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"},\
                "platform":{"architecture":"%s","os":"linux"}}]}""".formatted(
                        sha256(manifest),
                        manifest.length,
                        name,
                        name.substring(name.lastIndexOf(':') + 1),
                        architecture)
                .getBytes(StandardCharsets.UTF_8);
        return new TarWriter()
                .file("oci-layout", 0644, "{\"imageLayoutVersion\":\"1.0.0\"}")
                .folder("blobs", 0755)
                .folder("blobs/sha256", 0755)
                .file("blobs/sha256/" + layerDigest, 0644, layer)
                .file("blobs/sha256/" + sha256(config), 0644, config)
                .file("blobs/sha256/" + sha256(manifest), 0644, manifest)
                .file("index.json", 0644, index)
                .finish();
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
