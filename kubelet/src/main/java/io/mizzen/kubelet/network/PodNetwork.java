// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.network;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the node's pods a network: writes the CNI configuration from the node's pod range (bridge, host-local addresses,
 * host ports) and one nftables table that masquerades what leaves the cluster.
 *
 * <p>The runtime watches the folder and calls the plugins. Written again only when something differs.
 */
public final class PodNetwork {
    private static final Logger LOG = LoggerFactory.getLogger(PodNetwork.class);
    private static final String FILE = "10-mizzen.conflist";

    private final Settings settings;

    /**
     * What the network is made from.
     *
     * @param confDir where the configuration is written
     * @param stateDir where addresses are recorded
     * @param bridge name of the bridge
     * @param mtu 0 for the kernel's
     * @param clusterCidr traffic into it keeps its source address
     */
    public record Settings(Path confDir, Path stateDir, String bridge, int mtu, String clusterCidr) {}

    /** A network that is not set up before {@link #apply}. */
    public PodNetwork(Settings settings) {
        this.settings = settings;
    }

    /**
     * Sets up the network for the given range.
     *
     * @throws IOException when the configuration cannot be written
     */
    public void apply(String podCidr) throws IOException {
        String wanted = conflist(settings, podCidr);
        Path file = settings.confDir().resolve(FILE);
        if (Files.exists(file) && Files.readString(file).equals(wanted)) {
            return;
        }
        Files.createDirectories(settings.confDir());
        Path temporary = settings.confDir().resolve("." + FILE + ".tmp");
        Files.writeString(temporary, wanted);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        LOG.info("Pod network of this node is {} on bridge {} ({})", podCidr, settings.bridge(), file);
    }

    /** Puts the masquerading in place; may be repeated, also after somebody flushed the rules. */
    public void masquerade(String podCidr) throws IOException, InterruptedException {
        nft(masqueradeRules(settings, podCidr));
    }

    /** The configuration list, as JSON. Pure. */
    static String conflist(Settings settings, String podCidr) {
        return """
                {
                  "cniVersion": "0.4.0",
                  "name": "mizzen-%1$s",
                  "plugins": [
                    {
                      "type": "bridge",
                      "bridge": "%1$s",
                      "isGateway": true,
                      "ipMasq": false,
                      "hairpinMode": true,
                      "mtu": %2$d,
                      "ipam": {
                        "type": "host-local",
                        "dataDir": "%3$s",
                        "ranges": [[{"subnet": "%4$s"}]],
                        "routes": [{"dst": "0.0.0.0/0"}]
                      }
                    },
                    {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true}
                  ]
                }
                """.formatted(settings.bridge(), settings.mtu(), settings.stateDir(), podCidr);
    }

    /** The rules, as one nft transaction that replaces its predecessor. Pure. */
    static String masqueradeRules(Settings settings, String podCidr) {
        String table = table(settings);
        return """
                table ip %1$s {}
                delete table ip %1$s
                table ip %1$s {
                  chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    ip saddr %2$s ip daddr != %3$s ip daddr != 224.0.0.0/4 oifname != "%4$s" masquerade
                  }
                }
                """.formatted(table, podCidr, settings.clusterCidr(), settings.bridge());
    }

    private static String table(Settings settings) {
        return "mizzen_masq_" + settings.bridge().replaceAll("[^A-Za-z0-9_]", "_");
    }

    private static void nft(String script) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder("nft", "-f", "-").redirectErrorStream(true).start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(script.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("nft: " + output.strip());
        }
    }
}
