// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.network;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
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

    private static final Pattern ADDRESS = Pattern.compile("(?m)^\\d+: (\\S+)\\s+inet (\\S+)");

    private final Settings settings;
    private volatile String applied = "";

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
     * Sets up the network for the given range. A bridge that was made for another one, before this node was deleted and joined
     * again, loses its old address: the plugin would refuse every pod.
     *
     * @throws IOException when the configuration cannot be written
     */
    public void apply(String podCidr) throws IOException, InterruptedException {
        if (!podCidr.equals(applied)) {
            removeStaleAddresses(podCidr);
            applied = podCidr;
        }
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

    private void removeStaleAddresses(String podCidr) throws IOException, InterruptedException {
        String shown = run("", "ip", "-4", "-o", "address", "show");
        for (String address : staleAddresses(shown, settings.bridge(), podCidr)) {
            LOG.warn("Bridge {} gives up the address {} of another pod network", settings.bridge(), address);
            run("", "ip", "address", "delete", address, "dev", settings.bridge());
        }
    }

    /** Addresses of the bridge, of all that {@code ip} shows, that are not the gateway of the range. Pure. */
    static List<String> staleAddresses(String shown, String bridge, String podCidr) {
        int dot = podCidr.lastIndexOf('.');
        int slash = podCidr.indexOf('/');
        int first = Integer.parseInt(podCidr.substring(dot + 1, slash)) + 1;
        String gateway = podCidr.substring(0, dot + 1) + first + podCidr.substring(slash);
        return ADDRESS.matcher(shown)
                .results()
                .filter(match -> match.group(1).equals(bridge))
                .map(match -> match.group(2))
                .filter(address -> !address.equals(gateway))
                .toList();
    }

    /** Puts the masquerading in place; may be repeated, also after somebody flushed the rules. */
    public void masquerade(String podCidr) throws IOException, InterruptedException {
        run(masqueradeRules(settings, podCidr), "nft", "-f", "-");
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

    private static String run(String input, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(command[0] + ": " + output.strip());
        }
        return output;
    }
}
