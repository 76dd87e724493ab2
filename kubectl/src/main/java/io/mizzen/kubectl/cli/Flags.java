// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The flags and arguments of one call, parsed as upstream's command line does it: long flags with {@code =} or a following word,
 * bundled one-letter flags, flags and arguments mixed, {@code --} ends the flags. Not thread-safe; filled once, then only read.
 */
public final class Flags {
    private final Map<String, FlagSpec> specs;
    private final Map<String, List<String>> values = new HashMap<>();
    private final List<String> arguments = new ArrayList<>();
    private int argumentsBeforeDash = -1;

    private Flags(Map<String, FlagSpec> specs) {
        this.specs = specs;
    }

    /**
     * Parses {@code words} against {@code specs}.
     *
     * @param commandPath named in the message when a flag is unknown, e.g. {@code kubectl get}
     * @param interspersed whether flags may follow the first argument
     * @throws CommandFailure with upstream's text when a flag is unknown or its value does not fit
     */
    public static Flags parse(
            Map<String, FlagSpec> specs, List<String> words, String commandPath, boolean interspersed) {
        Flags flags = new Flags(specs);
        flags.read(words, commandPath, interspersed);
        return flags;
    }

    private void read(List<String> words, String commandPath, boolean interspersed) {
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("--")) {
                argumentsBeforeDash = arguments.size();
                arguments.addAll(words.subList(i + 1, words.size()));
                return;
            }
            if (word.length() < 2 || word.charAt(0) != '-') {
                arguments.add(word);
                if (!interspersed) {
                    arguments.addAll(words.subList(i + 1, words.size()));
                    return;
                }
                continue;
            }
            i = word.startsWith("--") ? readLong(words, i, commandPath) : readShort(words, i, commandPath);
        }
    }

    private int readLong(List<String> words, int at, String commandPath) {
        String word = words.get(at);
        int equals = word.indexOf('=');
        String name = equals < 0 ? word.substring(2) : word.substring(2, equals);
        FlagSpec spec = specs.get(name);
        if (spec == null) {
            throw unknown("unknown flag: --" + name, commandPath);
        }
        if (equals >= 0) {
            set(spec, word.substring(equals + 1), commandPath);
        } else if (!spec.alone().isEmpty()) {
            set(spec, spec.alone(), commandPath);
        } else if (at + 1 < words.size()) {
            set(spec, words.get(at + 1), commandPath);
            return at + 1;
        } else {
            throw unknown("flag needs an argument: --" + name, commandPath);
        }
        return at;
    }

    private int readShort(List<String> words, int at, String commandPath) {
        String letters = words.get(at).substring(1);
        for (int i = 0; i < letters.length(); i++) {
            char letter = letters.charAt(i);
            FlagSpec spec = byShorthand(letter);
            if (spec == null) {
                throw unknown("unknown shorthand flag: '" + letter + "' in -" + letters.substring(i), commandPath);
            }
            if (i + 1 < letters.length() && letters.charAt(i + 1) == '=') {
                set(spec, letters.substring(i + 2), commandPath);
                return at;
            }
            if (!spec.alone().isEmpty()) {
                set(spec, spec.alone(), commandPath);
            } else if (i + 1 < letters.length()) {
                set(spec, letters.substring(i + 1), commandPath);
                return at;
            } else if (at + 1 < words.size()) {
                set(spec, words.get(at + 1), commandPath);
                return at + 1;
            } else {
                throw unknown("flag needs an argument: '" + letter + "' in -" + letters.substring(i), commandPath);
            }
        }
        return at;
    }

    private static CommandFailure unknown(String message, String commandPath) {
        return new CommandFailure(1, "error: " + message + "\nSee '" + commandPath + " --help' for usage.");
    }

    private @Nullable FlagSpec byShorthand(char letter) {
        for (FlagSpec spec : specs.values()) {
            if (spec.shorthand() == letter) {
                return spec;
            }
        }
        return null;
    }

    private void set(FlagSpec spec, String value, String commandPath) {
        String problem = problem(spec, value);
        if (!problem.isEmpty()) {
            String shown = spec.shorthand() == 0 ? "--" + spec.name() : "-" + spec.shorthand() + ", --" + spec.name();
            throw unknown("invalid argument \"" + value + "\" for \"" + shown + "\" flag: " + problem, commandPath);
        }
        List<String> list = values.computeIfAbsent(spec.name(), _ -> new ArrayList<>());
        switch (spec.type()) {
            case LIST -> list.addAll(split(value));
            case ARRAY, PAIRS -> list.add(value);
            case BOOL, INT, DURATION, TEXT -> {
                list.clear();
                list.add(value);
            }
        }
    }

    private static String problem(FlagSpec spec, String value) {
        return switch (spec.type()) {
            case BOOL ->
                Booleans.isBoolean(value) ? "" : "strconv.ParseBool: parsing \"" + value + "\": invalid syntax";
            case INT -> {
                try {
                    Long.parseLong(value);
                    yield "";
                } catch (NumberFormatException e) {
                    yield "strconv.ParseInt: parsing \"" + value + "\": invalid syntax";
                }
            }
            case DURATION -> Durations.problem(value);
            case PAIRS -> {
                for (String pair : pairsOf(value)) {
                    if (pair.indexOf('=') < 0) {
                        yield pair + " must be formatted as key=value";
                    }
                }
                yield "";
            }
            case TEXT, LIST, ARRAY -> "";
        };
    }

    /** A value with one equals sign is one pair, whatever commas it has; else commas part the pairs. */
    private static List<String> pairsOf(String value) {
        return value.indexOf('=') == value.lastIndexOf('=') ? List.of(value) : split(value);
    }

    /** Splits at commas; a part may be in double quotes, as in one line of CSV. */
    public static List<String> split(String value) {
        List<String> parts = new ArrayList<>();
        if (value.isEmpty()) {
            return parts;
        }
        StringBuilder part = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' && (quoted || part.isEmpty())) {
                if (quoted && i + 1 < value.length() && value.charAt(i + 1) == '"') {
                    part.append('"');
                    i++;
                } else {
                    quoted = !quoted;
                }
            } else if (c == ',' && !quoted) {
                parts.add(part.toString());
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        parts.add(part.toString());
        return parts;
    }

    /** The words that are not flags. */
    public List<String> arguments() {
        return arguments;
    }

    /** How many arguments stood before {@code --}, or -1 when there was none. */
    public int argumentsBeforeDash() {
        return argumentsBeforeDash;
    }

    /** Whether the command has a flag of this name. */
    public boolean knows(String name) {
        return specs.containsKey(name);
    }

    /** Whether the user gave this flag. */
    public boolean changed(String name) {
        return values.containsKey(name);
    }

    /** Whether the user gave this flag and it takes one text; a command may have a list of the same name. */
    public boolean changedText(String name) {
        FlagSpec spec = specs.get(name);
        return spec != null && spec.type() == FlagSpec.Type.TEXT && changed(name);
    }

    /** The flag's value, or its default, as text; empty when the command has no such flag. */
    public String text(String name) {
        List<String> given = values.get(name);
        if (given != null) {
            return given.isEmpty() ? "" : given.getLast();
        }
        FlagSpec spec = specs.get(name);
        return spec == null ? "" : spec.initial();
    }

    /** The truth of a flag. */
    public boolean is(String name) {
        return Booleans.parse(text(name));
    }

    /** A whole number. */
    public long number(String name) {
        String text = text(name);
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }

    /** A duration; a bare number counts seconds. */
    public Duration duration(String name) {
        return Durations.parse(text(name));
    }

    /** The pairs of a flag that takes {@code key=value}, in the order of their first appearance. */
    public Map<String, String> pairs(String name) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String value : list(name)) {
            for (String pair : pairsOf(value)) {
                int equals = pair.indexOf('=');
                pairs.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return pairs;
    }

    /** All values of a repeatable flag. */
    public List<String> list(String name) {
        List<String> given = values.get(name);
        if (given != null) {
            return given;
        }
        FlagSpec spec = specs.get(name);
        return spec == null ? List.of() : split(spec.initial());
    }
}
