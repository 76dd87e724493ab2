// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.nftables;

import io.mizzen.kubeproxy.nftables.Ruleset.Chain;
import io.mizzen.kubeproxy.nftables.Ruleset.ElementSet;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The text of an {@code nft -f} transaction. The kernel applies it whole or not at all, so no packet ever sees half of it;
 * connections that exist keep their endpoint, because only the first packet of a connection asks the rules.
 *
 * @param text commands, one a line; empty if there is nothing to do
 */
public record Transaction(String text) {
    /** Elements in one command, so that a line stays readable in error messages. */
    private static final int BATCH = 100;

    /** Whether there is nothing to do. */
    public boolean isEmpty() {
        return text.isEmpty();
    }

    /** Replaces whatever a table of that name holds. */
    public static Transaction replaceAll(Ruleset wanted) {
        Writer writer = new Writer(wanted);
        writer.line("add table", "");
        writer.line("delete table", "");
        writer.line("add table", "");
        writer.change(new Ruleset(wanted.family(), wanted.table(), Map.of(), Map.of()), wanted);
        return new Transaction(writer.text());
    }

    /** Removes the table, whether or not it is there. */
    public static Transaction removeAll(Ruleset table) {
        Writer writer = new Writer(table);
        writer.line("add table", "");
        writer.line("delete table", "");
        return new Transaction(writer.text());
    }

    /** Changes only what differs. */
    public static Transaction between(Ruleset present, Ruleset wanted) {
        Writer writer = new Writer(wanted);
        writer.change(present, wanted);
        return new Transaction(writer.text());
    }

    private static final class Writer {
        private final StringBuilder text = new StringBuilder();
        private final String table;

        Writer(Ruleset ruleset) {
            table = ruleset.family().keyword() + " " + ruleset.table();
        }

        String text() {
            return text.toString();
        }

        void line(String command, String rest) {
            text.append(command).append(' ').append(table);
            if (!rest.isEmpty()) {
                text.append(' ').append(rest);
            }
            text.append('\n');
        }

        /** Names come first, then what refers to them; what nobody refers to any more goes last. */
        void change(Ruleset present, Ruleset wanted) {
            Set<String> redefined = redefinedSets(present, wanted);
            Set<String> rehooked = rehookedChains(present, wanted);
            wanted.sets().forEach((name, set) -> {
                if (!present.sets().containsKey(name)) {
                    define(name, set);
                }
            });
            wanted.chains().forEach((name, chain) -> {
                if (!present.chains().containsKey(name)) {
                    define(name, chain);
                }
            });
            emptyRedefined(present, wanted, redefined, rehooked);
            wanted.chains()
                    .forEach((name, chain) -> rules(name, present.chains().get(name), chain, rehooked));
            wanted.sets().forEach((name, set) -> {
                ElementSet before =
                        redefined.contains(name) ? null : present.sets().get(name);
                elements(name, set.isMap(), before == null ? Map.of() : before.elements(), set.elements());
            });
            List<String> goneChains =
                    gone(present.chains().keySet(), wanted.chains().keySet());
            List<String> goneSets = gone(present.sets().keySet(), wanted.sets().keySet());
            goneChains.forEach(name -> line("flush chain", name));
            goneChains.forEach(name -> line("delete chain", name));
            goneSets.forEach(name ->
                    line(Objects.requireNonNull(present.sets().get(name)).isMap() ? "delete map" : "delete set", name));
        }

        /** A set whose definition changed, or a chain whose hook changed, must be made anew with all that refers to it. */
        private void emptyRedefined(Ruleset present, Ruleset wanted, Set<String> sets, Set<String> chains) {
            if (sets.isEmpty() && chains.isEmpty()) {
                return;
            }
            wanted.chains().keySet().stream()
                    .filter(present.chains()::containsKey)
                    .forEach(name -> line("flush chain", name));
            for (String name : chains) {
                line("delete chain", name);
                define(name, Objects.requireNonNull(wanted.chains().get(name)));
            }
            for (String name : sets) {
                line(Objects.requireNonNull(present.sets().get(name)).isMap() ? "delete map" : "delete set", name);
                define(name, Objects.requireNonNull(wanted.sets().get(name)));
            }
            chains.addAll(wanted.chains().keySet());
        }

        private static Set<String> redefinedSets(Ruleset present, Ruleset wanted) {
            Set<String> names = new LinkedHashSet<>();
            wanted.sets().forEach((name, set) -> {
                ElementSet before = present.sets().get(name);
                if (before != null && !before.definition().equals(set.definition())) {
                    names.add(name);
                }
            });
            return names;
        }

        private static Set<String> rehookedChains(Ruleset present, Ruleset wanted) {
            Set<String> names = new LinkedHashSet<>();
            wanted.chains().forEach((name, chain) -> {
                Chain before = present.chains().get(name);
                if (before != null && !Objects.equals(before.hook(), chain.hook())) {
                    names.add(name);
                }
            });
            return names;
        }

        private void define(String name, ElementSet set) {
            line(set.isMap() ? "add map" : "add set", name + " { " + set.definition() + " }");
        }

        private void define(String name, Chain chain) {
            line("add chain", chain.hook() == null ? name : name + " { " + chain.hook() + " }");
        }

        private void rules(String name, @Nullable Chain before, Chain wanted, Set<String> emptied) {
            if (before != null && !emptied.contains(name)) {
                if (before.rules().equals(wanted.rules())) {
                    return;
                }
                line("flush chain", name);
            }
            wanted.rules().forEach(rule -> line("add rule", name + " " + rule));
        }

        private void elements(String name, boolean isMap, Map<String, String> before, Map<String, String> wanted) {
            List<String> removed = new ArrayList<>();
            List<String> added = new ArrayList<>();
            before.forEach((key, value) -> {
                if (!value.equals(wanted.get(key))) {
                    removed.add(isMap ? key + " : " + value : key);
                }
            });
            wanted.forEach((key, value) -> {
                if (!value.equals(before.get(key))) {
                    added.add(isMap ? key + " : " + value : key);
                }
            });
            batches("delete element", name, removed);
            batches("add element", name, added);
        }

        private void batches(String command, String name, List<String> elements) {
            for (int from = 0; from < elements.size(); from += BATCH) {
                List<String> batch = elements.subList(from, Math.min(elements.size(), from + BATCH));
                line(command, name + " { " + String.join(", ", batch) + " }");
            }
        }

        private static List<String> gone(Set<String> before, Set<String> wanted) {
            return before.stream().filter(name -> !wanted.contains(name)).toList();
        }
    }
}
