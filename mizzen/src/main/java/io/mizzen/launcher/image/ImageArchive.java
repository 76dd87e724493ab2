// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Packs one layer into an OCI image archive (image-spec 1.1) that containerd imports under a given name.
 *
 * @param name full name of the image, registry host included
 * @param architecture in Go's words: {@code amd64}, {@code arm64}
 * @param command what runs when the pod names none
 * @param layer file of a tar archive
 */
record ImageArchive(String name, String architecture, List<String> command, Path layer) {

    void writeTo(Path archive) throws IOException {
        String layerDigest = sha256(layer);
        long layerSize = Files.size(layer);
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
                "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}]}""".formatted(sha256(config), config.length, layerDigest, layerSize)
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
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(archive))) {
            new TarWriter(out)
                    .file("oci-layout", 0644, "{\"imageLayoutVersion\":\"1.0.0\"}")
                    .folder("blobs", 0755)
                    .folder("blobs/sha256", 0755)
                    .file("blobs/sha256/" + layerDigest, 0644, layer)
                    .file("blobs/sha256/" + sha256(config), 0644, config)
                    .file("blobs/sha256/" + sha256(manifest), 0644, manifest)
                    .file("index.json", 0644, index)
                    .finish();
        }
    }

    private static String sha256(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String sha256(byte[] content) {
        return HexFormat.of().formatHex(sha256().digest(content));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
