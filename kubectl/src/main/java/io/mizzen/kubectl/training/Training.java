// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.training;

import io.mizzen.kubectl.Kubectl;
import io.mizzen.kubectl.cli.Io;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The training run of the ahead-of-time cache: {@code java -XX:AOTCacheOutput=… io.mizzen.kubectl.training.Training}. Needs
 * {@code keytool} of the same JDK for a throw-away key; ends with 0 when every call did.
 */
public final class Training {
    private static final String PASSWORD = "training";
    private static final long KEYTOOL_SECONDS = 60;

    private Training() {}

    /** Runs the calls. */
    public static void main(String[] args) throws IOException, GeneralSecurityException, InterruptedException {
        Path folder = Files.createTempDirectory("kubectl-training");
        int code;
        try {
            code = train(folder);
        } finally {
            try (Stream<Path> walk = Files.walk(folder)) {
                for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        }
        System.exit(code);
    }

    private static int train(Path folder) throws IOException, GeneralSecurityException, InterruptedException {
        KeyStore store = key(folder);
        TrainingServer server = TrainingServer.start(store, PASSWORD.toCharArray());
        String certificate = pem("CERTIFICATE", store.getCertificate("t").getEncoded());
        String authority = pem("CERTIFICATE", store.getCertificate("ca").getEncoded());
        Key key = store.getKey("t", PASSWORD.toCharArray());
        String config = "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: "
                + base64(authority) + "\n    server: https://127.0.0.1:" + server.port()
                + "\n  name: t\ncontexts:\n- context:\n    cluster: t\n    user: t\n  name: t\ncurrent-context: t\nusers:\n"
                + "- name: t\n  user:\n    client-certificate-data: " + base64(certificate)
                + "\n    client-key-data: " + base64(pem("PRIVATE KEY", key.getEncoded())) + "\n";
        Path file = folder.resolve("config");
        Files.writeString(file, config);
        Map<String, String> environment = Map.of("KUBECONFIG", file.toString(), "HOME", folder.toString());
        List<List<String>> calls = List.of(
                List.of("get", "pods"),
                List.of("get", "pods", "-A", "-o", "wide"),
                List.of("get", "pods", "-o", "yaml"),
                List.of("get", "pods", "-o", "json"),
                List.of("get", "pods", "-o", "jsonpath={.items[*].metadata.name}"),
                List.of("describe", "pod", "p"),
                List.of("logs", "p"),
                List.of("apply", "-f", "-"),
                List.of("delete", "pod", "p", "--wait=false"));
        int failed = 0;
        for (List<String> call : calls) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            PrintStream print = new PrintStream(out, false, StandardCharsets.UTF_8);
            byte[] in =
                    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - name: c\n    image: i\n"
                            .getBytes(StandardCharsets.UTF_8);
            int code = Kubectl.run(
                    call.toArray(new String[0]), new Io(new ByteArrayInputStream(in), print, print), environment);
            if (code != 0) {
                failed = code;
                System.err.println("training call failed: " + call + "\n" + out.toString(StandardCharsets.UTF_8));
            }
        }
        return failed;
    }

    /** An authority and a key signed by it, so that the check of a chain is trained too. */
    private static KeyStore key(Path folder) throws IOException, GeneralSecurityException, InterruptedException {
        Path file = folder.resolve("key.p12");
        keytool(file, List.of("-alias", "ca", "-dname", "CN=training-ca", "-ext", "bc:c=ca:true"));
        keytool(file, List.of("-alias", "t", "-dname", "CN=training", "-ext", "san=ip:127.0.0.1", "-signer", "ca"));
        return KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
    }

    private static void keytool(Path file, List<String> options) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home", ""), "bin", "keytool").toString());
        words.addAll(List.of("-genkeypair", "-keyalg", "EC", "-storetype", "PKCS12", "-storepass", PASSWORD));
        words.addAll(List.of("-keystore", file.toString()));
        words.addAll(options);
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(KEYTOOL_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException("keytool failed: " + said);
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + label + "-----\n";
    }
}
