// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import io.mizzen.kubeproxy.nftables.NftCommand;
import io.mizzen.kubeproxy.nftables.Ruleset;
import io.mizzen.kubeproxy.nftables.RulesetBuilder;
import io.mizzen.kubeproxy.nftables.Transaction;
import io.mizzen.kubeproxy.service.Family;
import io.mizzen.kubeproxy.service.ServiceTable;
import io.mizzen.kubeproxy.service.StaleFlows;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the kernel's rules from what they are to what they should be. Owned by the proxy's thread. After a failure nothing is
 * taken for known: the next change replaces the whole table.
 */
final class Programmer {
    private static final Logger log = LoggerFactory.getLogger(Programmer.class);
    private static final Duration NFT_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration CONNTRACK_TIMEOUT = Duration.ofSeconds(10);

    private record Programmed(ServiceTable services, Ruleset rules) {}

    private final RulesetBuilder.Settings settings;
    private final NftCommand nft;
    private final NftCommand conntrack;
    private final Map<Family, Programmed> present = new EnumMap<>(Family.class);

    Programmer(KubeProxyOptions options) {
        settings = new RulesetBuilder.Settings(options.table(), options.clusterCidrs(), options.serviceCidrs());
        nft = new NftCommand(options.nftCommand(), NFT_TIMEOUT);
        conntrack = new NftCommand(options.conntrackCommand(), CONNTRACK_TIMEOUT);
    }

    /** Programs one family; true if something had to be changed. */
    boolean program(ServiceTable services, Family family) throws IOException, InterruptedException {
        Programmed before = present.get(family);
        if (before == null && services.ports().isEmpty() && !isConfigured(family)) {
            return false;
        }
        Ruleset wanted = RulesetBuilder.build(services, settings, family);
        Transaction transaction =
                before == null ? Transaction.replaceAll(wanted) : Transaction.between(before.rules(), wanted);
        if (!transaction.isEmpty()) {
            present.remove(family);
            NftCommand.Result result = nft.apply(transaction);
            if (result.exitCode() != 0) {
                throw new IOException("nft refused the rules: " + firstLines(result.output()));
            }
        }
        present.put(family, new Programmed(services, wanted));
        if (before != null) {
            forgetStaleFlows(before.services(), services, family);
        }
        return !transaction.isEmpty();
    }

    /** Looks whether the tables are still there; what somebody else removed is taken for unknown. */
    void check() throws IOException, InterruptedException {
        if (present.isEmpty()) {
            return;
        }
        String tables = nft.run(List.of("list", "tables"), "").output();
        List<Family> lost = present.keySet().stream()
                .filter(family ->
                        tables.lines().noneMatch(("table " + family.keyword() + " " + settings.table())::equals))
                .toList();
        for (Family family : lost) {
            log.warn(
                    "Table {} {} was removed by somebody else; it will be made again",
                    family.keyword(),
                    settings.table());
            present.remove(family);
        }
    }

    /** Removes all tables. */
    void removeAll() throws IOException, InterruptedException {
        for (Family family : Family.values()) {
            Ruleset empty = new Ruleset(family, settings.table(), Map.of(), Map.of());
            NftCommand.Result result = nft.apply(Transaction.removeAll(empty));
            if (result.exitCode() != 0) {
                log.warn("Table {} could not be removed: {}", settings.table(), firstLines(result.output()));
            }
        }
        present.clear();
    }

    private boolean isConfigured(Family family) {
        return settings.serviceCidrs().stream().anyMatch(cidr -> Family.of(cidr) == family);
    }

    private void forgetStaleFlows(ServiceTable before, ServiceTable after, Family family)
            throws IOException, InterruptedException {
        for (StaleFlows.Flow flow : StaleFlows.between(before, after)) {
            List<String> arguments =
                    new ArrayList<>(List.of("-D", "-f", family == Family.IPV4 ? "ipv4" : "ipv6", "-p", "udp"));
            if (!flow.address().isEmpty()) {
                arguments.addAll(List.of("--orig-dst", flow.address()));
            }
            arguments.addAll(List.of("--orig-port-dst", String.valueOf(flow.port())));
            if (!flow.endpoint().isEmpty()) {
                arguments.addAll(List.of("--dst-nat", flow.endpoint()));
            }
            NftCommand.Result result = conntrack.run(arguments, "");
            // The tool fails with "0 flow entries have been deleted" where there is nothing to forget.
            if (result.exitCode() != 0 && !result.output().contains("0 flow entries")) {
                log.warn(
                        "Stale UDP flows of {} port {} stay: {}",
                        flow.address(),
                        flow.port(),
                        firstLines(result.output()));
            }
        }
    }

    private static String firstLines(String text) {
        return text.lines().limit(3).reduce((a, b) -> a + "; " + b).orElse("no output");
    }
}
